/** What every format says of the first page of a report. */
import { plural } from '../domain/words/plurals.js'
import { capital, count } from '../domain/words/wording.js'
import type { Brief, Report } from '../reports/report.js'

/** `1 more incident, 7 more findings and every table` */
export function leftWords({ left: { incidents, findings } }: Brief): string {
  const more = (n: number, one: string, many: string): string[] =>
    n === 0 ? [] : [`${count(n)} more ${plural(n, one, many)}`]
  const parts = [...more(incidents, 'incident', 'incidents'), ...more(findings, 'finding', 'findings')]
  return capital(parts.length === 0 ? 'every table' : `${parts.join(', ')} and every table`)
}

/** The command that shows all of it. */
export const fullCommand = ({ command = 'llmcost report' }: Report): string => `${command} --full`
