/** What `llmcost check --dry-run` answers with: how often each rule would have fired. */
import { dayMs } from '../../domain/time/zones.js'
import type { RuleHistory } from '../../rules/held.js'
import {
  failedFindings,
  idleWarnings,
  periodOf,
  severityTones,
  unmatchedWarnings,
  type Unjudged,
} from './check.js'
import { column } from '../columns.js'
import { emptyText, footerOf, warningsOf, type Doubts } from '../notes.js'
import type { Cell, Report, Row, Section } from '../report.js'

interface DryRun extends Unjudged {
  readonly histories: readonly RuleHistory[]
}

const howCounted =
  'times: how often it would have begun to fire, for whichever value; for: for how many values; hours: in how many it would have fired. Judged at each hour by the calls before it, whenever they were read.'

/** @param days that were judged, hour by hour */
export function dryRunReport(answer: DryRun, doubts: Doubts, asOf: Date, days: number): Report {
  const since = new Date(asOf.getTime() - days * dayMs).toISOString()
  const rows = answer.histories.map(historyRow)
  const section: Section = {
    id: 'dry_run',
    title: `What would have fired in ${days} days`,
    columns: [
      column('rule', 'rule', 'text'),
      { ...column('kind', 'kind', 'text'), dataOnly: true },
      { ...column('severity', 'severity', 'status', 6), tones: severityTones },
      column('starts', 'times', 'count'),
      column('subjects', 'for', 'count', 5),
      column('hours', 'hours', 'count'),
      column('starts_per_week', 'times a week', 'number', 3),
      column('latest_at', 'the last', 'time', 4),
      { ...column('example', 'it said last', 'text'), dataOnly: true },
      { ...column('examples', 'examples', 'json'), dataOnly: true },
    ],
    rows: rows.map((row) => ({ ...row, starts_per_week: (Number(row['starts']) * 7) / days })),
    empty: 'no rule was judged',
    notes: [howCounted],
    shownNotes: [...answer.histories.flatMap(saidLast), howCounted],
  }
  const noisy = answer.histories.filter(({ starts }) => starts > days)
  return {
    kind: 'check_dry_run',
    title: 'Dry run of the rules',
    period: { ...periodOf(doubts, asOf), since },
    sections: [section],
    findings: failedFindings(answer),
    warnings: [
      ...warningsOf(doubts),
      ...unmatchedWarnings(doubts),
      ...youngWarning(doubts, since),
      ...idleWarnings(answer),
      ...noisy.map(
        ({ rule }) => `rule ${rule.name} would fire more than once a day: raise its bound, min_calls or for`,
      ),
    ],
    footer: footerOf(doubts.history),
  }
}

function youngWarning(doubts: Doubts, since: string): string[] {
  const { history } = doubts
  if (history.first_ts === null) return [emptyText(doubts)]
  const late = Date.parse(history.first_ts) > Date.parse(since)
  return late ? [`the calls begin on ${history.first_ts.slice(0, 10)}: nothing can have fired before`] : []
}

function historyRow({ rule, starts, subjects, hours, examples }: RuleHistory): Row {
  const shown: Cell = examples.map(({ at, text }) => ({ at, text }))
  const [latest] = examples
  return {
    rule: rule.name,
    kind: rule.kind,
    severity: rule.severity,
    starts,
    subjects,
    hours,
    latest_at: latest?.at ?? null,
    example: latest?.text ?? null,
    examples: shown,
  }
}

/** For people, below the table, where a sentence has room. */
const saidLast = ({ rule, examples: [latest] }: RuleHistory): string[] =>
  latest === undefined ? [] : [`${rule.name} said last: ${latest.text}`]
