/**
 * A report as the HTML of a mail: tables and inline styles, as mail programs want it, pictures that come with
 * it, nothing fetched, and small enough that no program cuts it off. The order is that of the page.
 */
import { plural } from '../../domain/words/plurals.js'
import type { Report, Section } from '../../reports/report.js'
import { blocksOf } from '../blocks.js'
import { factsOf, isFacts } from '../facts.js'
import { markup, Markup, sideBySide } from '../markup.js'
import { notesOf, shownSection } from '../values.js'
import { badge, factList, headline, isFigure, toned } from './facts.js'
import { figureOf, type Figure, type Picture } from './picture.js'
import { briefMail } from './first-page.js'
import { card, documentOf, heading, hidden, quietLine, said, type MailPage } from './document.js'
import { badges, dataNotes } from './notes.js'
import { look } from './style.js'
import { tableOf } from './table.js'

/** Bytes of HTML. A widespread mail program cuts what is longer than 102 KB. */
export const mostBytes = 98_000

/** How much of a report a mail holds. */
interface Size {
  /** Rows of each table, findings, notes. */
  readonly rows: number
  readonly sections: number
}

/** What gives way where all would be too much, first to last. */
const sizes: readonly Size[] = [
  { rows: 40, sections: 40 },
  { rows: 10, sections: 40 },
  { rows: 5, sections: 20 },
  { rows: 3, sections: 10 },
  { rows: 2, sections: 4 },
  { rows: 1, sections: 1 },
]

/**
 * @param tz zone in which times are shown
 * @param font the font in which pictures are lettered
 */
export function mailOf(report: Report, tz: string, font: string): MailPage {
  const drawn = new Map<Section, Figure | undefined>()
  const figures = (section: Section): Figure | undefined => {
    if (!drawn.has(section)) drawn.set(section, figureOf(section, tz, font))
    return drawn.get(section)
  }
  for (const size of sizes) {
    const mail = mailIn(report, tz, figures, size)
    if (Buffer.byteLength(mail.html) <= mostBytes) return mail
  }
  return mailIn({ ...report, sections: [] }, tz, figures, { rows: 0, sections: 0 })
}

/** Drawn once, however often the mail is made smaller. */
type Figures = (section: Section) => Figure | undefined

function mailIn(report: Report, tz: string, figures: Figures, size: Size): MailPage {
  if (report.brief !== undefined) return briefMail(report, report.brief, tz, figures)
  const { sections } = report
  const first = sections[0] && shownSection(sections[0])
  const lead = first !== undefined && isFacts(first) && factsOf(first, tz).every(isFigure) ? first : undefined
  const rest = lead === undefined ? sections : sections.slice(1)
  const bodies = rest
    .slice(0, size.sections)
    .map((section) => ({ section, ...body(section, tz, figures, size) }))
  const shown = [
    ...(lead === undefined ? [] : [card(markup`${headline(lead, tz)}${notes(lead, size)}`)]),
    ...findings(report, size),
    ...bodies.flatMap(({ section, html }) => [
      section.title === report.title ? markup`` : heading(section.title),
      card(markup`${html}${notes(section, size)}`),
    ]),
    dataNotes(report, rest.slice(size.sections), size),
  ]
  const html = documentOf(report, preview(report, lead, tz), tz, shown)
  // The same chart twice is one picture.
  const pictures = new Map(bodies.flatMap((one) => one.pictures.map((picture) => [picture.cid, picture])))
  return { html: `${html.text}\n`, pictures: [...pictures.values()] }
}

/** What a list of mails shows beside the subject. */
function preview({ findings = [] }: Report, lead: Section | undefined, tz: string): Markup {
  const figure = lead === undefined ? undefined : factsOf(lead, tz)[0]
  const change = figure?.change === undefined || figure.change.text === '–' ? '' : ` (${figure.change.text})`
  const parts = [
    ...(figure === undefined ? [] : [`${figure.label}: ${figure.value.text}${change}`]),
    ...findings.slice(0, 1).map(({ text }) => text),
  ]
  if (parts.length === 0) return markup``
  return hidden(parts.join('. '))
}

function body(
  whole: Section,
  tz: string,
  figures: Figures,
  { rows }: Size,
): { readonly html: Markup; readonly pictures: readonly Picture[] } {
  const shown = shownSection(whole)
  const section = shortened(shown, rows)
  // A picture draws what programs read: rows that people are spared too.
  const figure = figures(whole)
  const pictures = figure?.pictures ?? []
  if (section.rows.length === 0) {
    const empty =
      figure?.html ?? markup`<span${look('quiet')}>${said(section.empty ?? 'Nothing here.')}</span>`
    return { html: empty, pictures }
  }
  const table = isFacts(section)
    ? factList(section, tz)
    : section.layout === 'blocks'
      ? blocks(section)
      : tableOf(section, tz)
  const cut = shown.rows.length - section.rows.length
  const more = cut === 0 ? markup`` : quietLine(`${cut} more ${plural(cut, 'row')}; llmcost has them.`)
  // Beside a picture, the rows that it draws would only repeat it.
  const isOther = section.chart?.points !== undefined && section.chart.parts === undefined
  const repeated = figure !== undefined && !isFacts(section) && !isOther
  return { html: repeated ? figure.html : markup`${figure?.html}${table}${more}`, pictures }
}

/** Two sides are one thing: what they are has no rows to spare. */
const shortened = (section: Section, rows: number): Section =>
  section.layout === 'sides' ? section : { ...section, rows: section.rows.slice(0, rows) }

function blocks(section: Section): Markup {
  const items = blocksOf(section).map(
    ({ headline, sentences }, i) =>
      markup`<p style="margin:${i === 0 ? 0 : 12}px 0 0;font-weight:600">${said(headline)}</p>${sentences.map((pieces) => markup`<p style="margin:3px 0 0">${sideBySide(pieces.map((piece) => toned({ ...piece, text: said(piece.text) })))}</p>`)}`,
  )
  return markup`${items}`
}

function findings({ findings = [] }: Report, { rows }: Size): Markup[] {
  if (findings.length === 0) return []
  const lines = findings.slice(0, rows).map(({ severity, text }, i) => {
    const { text: word, look: name } = badges[severity]
    const space = `padding:${i === 0 ? 0 : 8}px 0 0`
    return markup`<tr><td class="stack" width="88" valign="top" style="${space}">${badge(word, name)}</td><td class="stack" valign="top" style="${space};word-break:break-word">${said(text)}</td></tr>`
  })
  const more = findings.length - lines.length
  return [
    heading('What to look at'),
    card(
      markup`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">${lines}</table>${more > 0 ? quietLine(`And ${more} more; llmcost report has them.`) : undefined}`,
    ),
  ]
}

function notes(section: Section, { rows }: Size): Markup {
  return markup`${notesOf(section).slice(0, rows).map(quietLine)}`
}
