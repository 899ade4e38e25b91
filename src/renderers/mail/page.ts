/**
 * A report as the HTML of a mail: tables and inline styles, as mail programs want it, pictures that come with
 * it, nothing fetched, and small enough that no program cuts it off. The order is that of the page.
 */
import type { Finding, Report, Section } from '../../reports/report.js'
import { blocksOf } from '../blocks.js'
import { doubtsLine } from '../doubts.js'
import { factsOf, isFacts } from '../facts.js'
import { markup, Markup, sideBySide } from '../markup.js'
import { periodWords } from '../times.js'
import { notesOf, shownSection } from '../values.js'
import { visible } from '../../domain/words/hidden.js'
import { cutEnd } from '../width.js'
import { badge, factList, headline, isFigure, toned } from './facts.js'
import { figureOf, type Figure, type Picture } from './picture.js'
import { letters, look, mailWidth, sheet } from './style.js'
import { tableOf } from './table.js'

export interface MailPage {
  readonly html: string
  readonly pictures: readonly Picture[]
}

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
  const { sections } = report
  const first = sections[0] && shownSection(sections[0])
  const lead = first !== undefined && isFacts(first) && factsOf(first, tz).every(isFigure) ? first : undefined
  const rest = lead === undefined ? sections : sections.slice(1)
  const bodies = rest
    .slice(0, size.sections)
    .map((section) => ({ section, ...body(section, tz, figures, size) }))
  const period = periodWords(report.period, tz)
  const doubt = doubtsLine(report.warnings)
  const shown = [
    ...(lead === undefined ? [] : [card(markup`${headline(lead, tz)}${notes(lead, size)}`)]),
    ...findings(report, size),
    ...bodies.flatMap(({ section, html }) => [
      section.title === report.title ? markup`` : heading(section.title),
      card(markup`${html}${notes(section, size)}`),
    ]),
    dataNotes(report, rest.slice(size.sections), size),
  ]
  const html = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no,date=no,address=no,email=no,url=no">
<title>${said(report.title)}</title>
<style>${sheet}</style>
</head>
<body${look('paper', 'margin:0;padding:0;-webkit-text-size-adjust:100%')}>
${preview(report, lead, tz)}
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"${look('paper')}><tr><td align="center" class="page" style="padding:28px 16px">
${onlyWord(`<table role="presentation" width="${mailWidth}"><tr><td>`)}
<div role="main"${look('ink', `max-width:${mailWidth}px;margin:0 auto;text-align:left;font-family:${letters};font-size:14px;line-height:1.5`)}>
<div style="margin:0 0 18px">
<h1 style="margin:0;font-size:24px;line-height:1.25;font-weight:700;letter-spacing:-.01em">${said(report.title)}</h1>
${period === undefined ? markup`` : markup`<p${look('quiet', 'margin:4px 0 0')}>${period}</p>`}
${doubt === undefined ? markup`` : markup`<p${look('caution', 'margin:4px 0 0')}>${doubt}: see the end</p>`}
</div>
${shown}
</div>
${onlyWord('</td></tr></table>')}
</td></tr></table>
</body>
</html>`
  // The same chart twice is one picture.
  const pictures = new Map(bodies.flatMap((one) => one.pictures.map((picture) => [picture.cid, picture])))
  return { html: `${html.text}\n`, pictures: [...pictures.values()] }
}

/** What only Word reads, which shows mails in some programs and knows no greatest width. */
const onlyWord = (text: string): Markup => new Markup(`<!--[if mso]>${text}<![endif]-->`)

/** What a list of mails shows beside the subject. */
function preview({ findings = [] }: Report, lead: Section | undefined, tz: string): Markup {
  const figure = lead === undefined ? undefined : factsOf(lead, tz)[0]
  const change = figure?.change === undefined || figure.change.text === '–' ? '' : ` (${figure.change.text})`
  const parts = [
    ...(figure === undefined ? [] : [`${figure.label}: ${figure.value.text}${change}`]),
    ...findings.slice(0, 1).map(({ text }) => text),
  ]
  if (parts.length === 0) return markup``
  return markup`<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">${said(parts.join('. '))}</div>`
}

const heading = (title: string): Markup =>
  markup`<h2 style="margin:26px 0 8px;font-size:16px;line-height:1.3;font-weight:600">${said(title)}</h2>`

function card(content: Markup): Markup {
  return markup`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td${look('card', 'padding:12px 16px 14px;border-width:1px;border-style:solid;border-radius:10px')}>
${content}
</td></tr></table>`
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
  const more =
    cut === 0 ? markup`` : quietLine(`${cut} more ${cut === 1 ? 'row' : 'rows'}; llmcost has them.`)
  // Beside a picture, the rows that it draws would only repeat it.
  const repeated = figure !== undefined && !isFacts(section) && section.chart?.points === undefined
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

const badges = {
  critical: { text: 'Critical', look: 'badChip' },
  warning: { text: 'Warning', look: 'cautionChip' },
  info: { text: 'Note', look: 'even' },
} as const satisfies Record<Finding['severity'], unknown>

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

const quietLine = (text: string): Markup =>
  markup`<p${look('quiet', 'margin:8px 0 0;font-size:13px')}>${said(text)}</p>`

function dataNotes(
  { warnings, footer = [], period }: Report,
  missing: readonly Section[],
  size: Size,
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

const longestSentence = 600

/** Of a text from a log nobody reads more, and a mail has no room for it. */
const said = (text: string): string => cutEnd(visible(text), longestSentence)
