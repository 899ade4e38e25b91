/** A report as the content of a mail. */
import { table } from '../renderers/table.js'
import { periodWords } from '../renderers/times.js'
import type { Report } from '../reports/report.js'
import type { Attachment } from './compose.js'
import { drawn, pictureFont } from './pictures.js'
import { plainLine } from './wording.js'

export interface ReportMessage {
  readonly subject: string
  /** For those who read no HTML: as wide as mail programs show without breaking lines. */
  readonly text: string
  readonly html?: string
  readonly attachments: readonly Attachment[]
}

const textColumns = 78

/** @param tz zone in which times are shown */
export async function reportMessage(report: Report, tz = report.period.tz): Promise<ReportMessage> {
  const options = { columns: textColumns, color: false, tz }
  const period = periodWords(report.period, tz)
  const { mailOf } = await import('../renderers/mail/page.js')
  const { html, pictures } = mailOf(report, tz, pictureFont)
  return {
    subject: plainLine(
      report.brief?.subject ?? [report.title, ...(period === undefined ? [] : [period])].join(', '),
      200,
    ),
    text: await table.render(report, options),
    html,
    attachments: await drawn(pictures),
  }
}
