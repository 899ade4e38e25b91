/** What is doubtful about the figures of a mail, and where they come from: its end. */
import type { Finding, Report, Section } from '../../reports/report.js'
import { markup, Markup } from '../markup.js'
import { heading, said } from './document.js'
import { look } from './style.js'

export const badges = {
  critical: { text: 'Critical', look: 'badChip' },
  warning: { text: 'Warning', look: 'cautionChip' },
  info: { text: 'Note', look: 'even' },
} as const satisfies Record<Finding['severity'], unknown>

export function dataNotes(
  { warnings, footer = [], period }: Report,
  missing: readonly Section[],
  size: { readonly rows: number },
): Markup {
  const titles = missing.map(({ title }) => title).join(', ')
  const lines = [
    ...(missing.length === 0
      ? []
      : [`Left out to keep this mail small: ${titles}. llmcost report has them.`]),
    ...footer,
    `Days and times are in ${period.tz}.`,
  ]
  const doubts = warnings.slice(0, Math.max(1, size.rows))
  const more = warnings.length - doubts.length
  return markup`${heading('Data notes')}
${doubts.length === 0 ? undefined : markup`<div${look('doubt', 'padding:10px 14px;border-radius:10px;margin:0 0 10px')}>${[...doubts, ...(more > 0 ? [`And ${more} more.`] : [])].map((text) => markup`<p style="margin:0 0 4px">${said(text)}</p>`)}</div>`}
${lines.map((text) => markup`<p${look('quiet', 'margin:2px 0 0;font-size:13px')}>${said(text)}</p>`)}`
}
