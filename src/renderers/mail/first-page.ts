/** The first page of a report as a mail: the news, what to look at, three sections, and where the rest is. */
import type { Brief, Report, Section } from '../../reports/report.js'
import { linesOf, listsOf } from '../blocks.js'
import { fullCommand, leftWords } from '../brief.js'
import { markup, Markup } from '../markup.js'
import { card, documentOf, heading, hidden, quietLine, said, type MailPage } from './document.js'
import { badge } from './facts.js'
import { badges, dataNotes } from './notes.js'
import type { Figure } from './picture.js'
import { look } from './style.js'
import { tableOf } from './table.js'

/** @param figures draws a section */
export function briefMail(
  report: Report,
  brief: Brief,
  tz: string,
  figures: (section: Section) => Figure | undefined,
): MailPage {
  const days = brief.sections.find(({ id }) => id.startsWith('cost_by_'))
  const drawn = report.sections.find(({ id }) => id === days?.id)
  const figure = drawn === undefined ? undefined : figures(drawn)
  const rest = quietLine(`${leftWords(brief)}:`)
  const shown = [
    markup`<p${look('ink', 'margin:0 0 18px;font-size:18px;line-height:1.4;font-weight:600')}>${said(brief.opening)}</p>`,
    ...briefFindings(brief),
    ...brief.sections.flatMap((section) => [
      heading(section.title),
      card(
        section === days
          ? markup`${figure?.html}${tableOf(section, tz)}`
          : section.layout === 'lines'
            ? markup`${linesOf(section).map((text) => markup`<p style="margin:0">${said(text)}</p>`)}`
            : markup`${listsOf(section).map((list) => markup`<div style="margin:0 0 10px">${tableOf(list, tz)}</div>`)}`,
      ),
    ]),
    dataNotes(report, [], { rows: mostDoubts }),
    markup`${rest}${typed(fullCommand(report))}`,
  ]
  const html = documentOf(report, hidden(brief.opening), tz, shown)
  return { html: `${html.text}\n`, pictures: figure?.pictures ?? [] }
}

/** A command as it is typed, in letters of one width. */
const typed = (command: string | undefined): Markup =>
  command === undefined
    ? markup``
    : markup`<div${look('quiet', 'margin:2px 0 0;font-size:12px;font-family:Menlo,Consolas,monospace;word-break:break-word')}>${said(command)}</div>`

function briefFindings({ findings }: Brief): Markup[] {
  if (findings.length === 0) return []
  const lines = findings.map(({ severity, amount, text, command }, i) => {
    const space = `padding:${i === 0 ? 0 : 8}px 0 0`
    return markup`<tr><td class="stack" width="72" valign="top" style="${space}">${amount === '' ? badge(badges[severity].text, badges[severity].look) : badge(amount, badges[severity].look)}</td><td class="stack" valign="top" style="${space};word-break:break-word">${said(text)}${typed(command)}</td></tr>`
  })
  return [
    heading('To look at'),
    card(
      markup`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">${lines}</table>`,
    ),
  ]
}

/** More kinds of doubt than there are. */
const mostDoubts = 100
