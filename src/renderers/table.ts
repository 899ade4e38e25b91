/** The terminal: everything within its width, numbers aligned, doubts under the numbers they touch. */
import type { Report, Section } from '../reports/report.js'
import { factLines, isFacts } from './facts.js'
import { blocksOf, plainText } from './blocks.js'
import type { Words } from './cells.js'
import { grid } from './grid.js'
import { paintFor, type Paint } from './paint.js'
import type { Renderer, RenderOptions } from './renderer.js'
import { periodWords } from './times.js'
import { notesOf, shownSections } from './values.js'
import { visible } from '../domain/words/hidden.js'
import { width, wrap } from './width.js'

/** Narrower than this, nothing can be laid out. */
const narrowest = 20
/** Sentences longer than this are hard to read, however wide the terminal. */
const longestLine = 100

/** What is the same for every part of one answer. */
interface Page {
  readonly columns: number
  readonly tz: string
  readonly paint: Paint
}

/** Tables for people at a terminal. */
export const table: Renderer = {
  id: 'table',
  title: 'for people: fits the terminal',
  endings: ['txt'],
  render: (report, options) => {
    const page = pageFor(report, options)
    const blocks = [
      head(report, page),
      ...shownSections(report).map((section) => sectionLines(section, report, page)),
      findingLines(report, page),
      report.warnings.flatMap((text) => sentence(text, page, '! ').map(page.paint.warning)),
      (report.footer ?? []).flatMap((text) => sentence(text, page, '').map(page.paint.quiet)),
      nextLines(report, page),
    ]
    const filled = blocks.filter((lines) => lines.length > 0)
    return filled.map((lines) => `${lines.join('\n')}\n`).join('\n')
  },
}

/** What to type next, each on a line of its own, however long: it is there to be copied. */
const nextLines = ({ next = [] }: Report, { paint }: Page): string[] =>
  next.length === 0 ? [] : [paint.strong('Next'), ...next.map((command) => `  ${visible(command)}`)]

function pageFor(report: Report, options: RenderOptions): Page {
  return {
    columns: Math.max(narrowest, Math.floor(options.columns) || narrowest),
    tz: options.tz ?? report.period.tz,
    paint: paintFor(options.color),
  }
}

/** Title and period, on one line where they fit. */
function head(report: Report, { columns, tz, paint }: Page): string[] {
  const title = visible(report.title)
  const period = periodWords(report.period, tz) ?? ''
  if (period !== '' && width(title) + 2 + width(period) <= columns) {
    return [`${paint.strong(title)}  ${paint.quiet(period)}`]
  }
  return [...wrap(title, columns).map(paint.strong), ...wrap(period, columns).map(paint.quiet)]
}

function sectionLines(section: Section, report: Report, page: Page): string[] {
  const { columns, paint } = page
  const title = section.title === report.title ? [] : wrap(visible(section.title), columns).map(paint.strong)
  const notes = notesOf(section).flatMap((text) => sentence(text, page, '· ', indentOf(page)))
  return [...title, ...body(section, page), ...notes]
}

const findingTones = { info: undefined, warning: 'caution', critical: 'bad' } as const

function findingLines({ findings = [] }: Report, page: Page): string[] {
  if (findings.length === 0) return []
  const lines = findings.flatMap(({ text, severity }) =>
    sentence(text, page, '▸ ', indentOf(page)).map((line) => page.paint.toned(line, findingTones[severity])),
  )
  return [page.paint.strong('To look at'), ...lines]
}

/** The indent tells tables from titles without colour; a narrow terminal has no room for it. */
function body(section: Section, page: Page): string[] {
  const { columns, tz, paint } = page
  const indent = indentOf(page)
  const room = columns - indent.length
  const indented = (lines: readonly string[]): string[] => lines.map((line) => indent + line)
  if (section.rows.length === 0)
    return sentence(section.empty ?? 'Nothing here.', page, '', indent).map(paint.quiet)
  if (isFacts(section)) return indented(factLines(section, room, tz, paint))
  if (section.layout === 'blocks') return blockLines(section, page)
  const { lines, leftOut } = grid(section, room, tz, paint)
  const missing = `Left out to fit ${columns} columns: ${leftOut.join(', ')}.`
  return [
    ...indented(lines),
    ...(leftOut.length === 0 ? [] : sentence(missing, page, '', indent).map(paint.quiet)),
  ]
}

function blockLines(section: Section, page: Page): string[] {
  const indent = indentOf(page)
  return blocksOf(section).flatMap(({ headline, sentences }, index) => [
    ...(index === 0 ? [] : ['']),
    ...sentence(headline, page, '', indent).map(page.paint.strong),
    ...sentences.flatMap((pieces) => {
      const [start = '', ...rest] = sentence(plainText(pieces), page, '  ', indent)
      return [tonedStart(start, [{ text: `${indent}  ` }, ...pieces], page.paint), ...rest]
    }),
  ])
}

/** A line with the tones of the pieces that it begins with; tones stand in the first words of a sentence. */
function tonedStart(line: string, [piece, ...others]: readonly Words[], paint: Paint): string {
  if (piece === undefined || !line.startsWith(piece.text)) return line
  return paint.toned(piece.text, piece.tone) + tonedStart(line.slice(piece.text.length), others, paint)
}

/** A sentence wrapped to the page, its lines after the first under the words of the first. */
function sentence(text: string, { columns }: Page, mark: string, indent = ''): string[] {
  const hanging = ' '.repeat(mark.length)
  const room = Math.min(columns, longestLine) - indent.length - mark.length
  return wrap(visible(text), room).map((line, index) => indent + (index === 0 ? mark : hanging) + line)
}

function indentOf({ columns }: Page): string {
  return columns < 60 ? '' : '  '
}
