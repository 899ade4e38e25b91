/** The terminal: everything within its width, numbers aligned, doubts under the numbers they touch. */
import type { Brief, Hint, Report, Section } from '../reports/report.js'
import { factLines, isFacts } from './facts.js'
import { blocksOf, linesOf, plainText } from './blocks.js'
import { fullCommand, leftWords } from './brief.js'
import type { Words } from './cells.js'
import type { Grid } from './terminal/grid.js'
import { paintFor, type Paint } from './terminal/paint.js'
import type { LazyRenderer, RenderOptions } from './renderer.js'
import { periodWords } from './times.js'
import { notesOf, shownSections } from './values.js'
import { visible } from '../domain/words/hidden.js'
import { pad, width, wrap } from './width.js'

/** Narrower than this, nothing can be laid out. */
const narrowest = 20
/** Sentences longer than this are hard to read, however wide the terminal. */
const longestLine = 100

/** What is the same for every part of one answer. */
interface Page {
  readonly columns: number
  readonly tz: string
  readonly paint: Paint
  /** How a table is drawn; there where one is. */
  readonly draw?: Draw | undefined
}

type Draw = (section: Section, room: number, tz: string, paint: Paint) => Grid

/** Tables for people at a terminal. */
export const table: LazyRenderer = {
  id: 'table',
  title: 'for people: fits the terminal',
  endings: ['txt'],
  render: async (report, options) => {
    const page = await pageFor(report, options)
    if (report.brief !== undefined) return briefPage(report, report.brief, page)
    const blocks = [
      head(report, page),
      ...shownSections(report).map((section) => sectionLines(section, report, page)),
      findingLines(report, page),
      report.warnings.flatMap((text) => sentence(text, page, '! ').map(page.paint.warning)),
      (report.footer ?? []).flatMap((text) => sentence(text, page, '').map(page.paint.quiet)),
      nextLines(report, page),
    ]
    return paged(blocks)
  },
}

/** What to type next, each on a line of its own, however long: it is there to be copied. */
const nextLines = ({ next = [] }: Report, { paint }: Page): string[] =>
  next.length === 0 ? [] : [paint.strong('Next'), ...next.map((command) => `  ${visible(command)}`)]

const paged = (blocks: readonly (readonly string[])[]): string =>
  blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n')

/** Lines of a screen; what is doubtful may go beyond. */
const mostLines = 40

/** The first page. Where the findings do not fit, the last of them give way. */
function briefPage(report: Report, brief: Brief, page: Page): string {
  const text = paged(briefBlocks(report, brief, page))
  const lines = text.split('\n').length - 1
  const doubts = doubtLines(brief, page).length
  const room = mostLines + (doubts === 0 ? 0 : doubts + 1)
  // The first finding stays, and so does a rule that the user wrote.
  const last = brief.findings.findLastIndex(({ isRule }) => isRule !== true)
  if (lines <= room || page.columns < longestLine || last < 1) return text
  const left = { ...brief.left, findings: brief.left.findings + 1 }
  return briefPage(report, { ...brief, findings: brief.findings.toSpliced(last, 1), left }, page)
}

/** Tables say by their headings what they are. */
function briefBlocks(report: Report, brief: Brief, page: Page): string[][] {
  const { paint } = page
  const rest = { text: `${leftWords(brief)}:`, command: fullCommand(report) }
  return [
    [...head(report, page), ...sentence(brief.opening, page, '').map(paint.strong)],
    // What a narrow terminal leaves out stands in the whole report.
    ...brief.sections.map((section) => body(section, page, true)),
    briefFindings(brief, page),
    doubtLines(brief, page),
    [
      ...(report.footer ?? []).flatMap((text) => sentence(text, page, '').map(paint.quiet)),
      ...hintLines(rest, page, '', paint.quiet),
    ],
  ]
}

const doubtLines = ({ doubts }: Brief, page: Page): string[] =>
  doubts.flatMap((doubt) => hintLines(doubt, page, '! ', page.paint.warning))

function briefFindings({ findings }: Brief, page: Page): string[] {
  if (findings.length === 0) return []
  const room = Math.max(...findings.map(({ amount }) => width(amount)))
  return [
    page.paint.strong('To look at'),
    ...findings.flatMap((finding) => {
      const mark = `▸ ${pad(finding.amount, room, 'left')}  `
      return hintLines(finding, page, mark, (text) => page.paint.toned(text, findingTones[finding.severity]))
    }),
  ]
}

/** A sentence, and what to type on a line of its own, however long: it is there to be copied. */
function hintLines(
  { text, command }: Hint,
  page: Page,
  mark: string,
  paint: (text: string) => string,
): string[] {
  const lines = sentence(text, page, mark).map(paint)
  return command === undefined ? lines : [...lines, ' '.repeat(width(mark) || 2) + visible(command)]
}

async function pageFor(report: Report, options: RenderOptions): Promise<Page> {
  return {
    columns: Math.max(narrowest, Math.floor(options.columns) || narrowest),
    tz: options.tz ?? report.period.tz,
    paint: paintFor(options.color),
    draw: drawnSections(report).some(isTable) ? await drawer(options) : undefined,
  }
}

/** Loaded for an answer that has a table: the others need not wait for what draws it. */
async function drawer({ borders = false }: RenderOptions): Promise<Draw> {
  const [{ grid }, frames] = await Promise.all([import('./terminal/grid.js'), import('./terminal/frame.js')])
  const frame = borders ? frames.closedFrame : frames.openFrame
  return (section, room, tz, paint) => grid(section, room, tz, paint, frame)
}

const drawnSections = (report: Report): readonly Section[] => report.brief?.sections ?? shownSections(report)

const isTable = (section: Section): boolean =>
  section.rows.length > 0 && !isFacts(section) && !['blocks', 'lines', 'code'].includes(section.layout ?? '')

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
  const indent = indentOf(page)
  const lines = findings.flatMap((finding) => {
    const { text, command } = partedHint(finding)
    const tone = findingTones[finding.severity]
    const words = sentence(text, page, '▸ ', indent).map((line) => page.paint.toned(line, tone))
    return command === undefined ? words : [...words, `${indent}  ${visible(command)}`]
  })
  return [page.paint.strong('To look at'), ...lines]
}

/** A finding that ends with its command, as a sentence and what to type: a line that is wrapped cannot be copied. */
function partedHint({ text, command }: Hint): Hint {
  const at = command === undefined ? -1 : text.indexOf(`; ${command}`)
  const seen = command === undefined ? -1 : text.indexOf(`; see ${command}`)
  const end = at < 0 ? seen : at
  return end < 0
    ? { text }
    : { text: `${text.slice(0, end)}:`, ...(command === undefined ? {} : { command }) }
}

/** The indent tells tables from titles without colour; a narrow terminal has no room for it. */
function body(section: Section, page: Page, isBrief = false): string[] {
  const { columns, tz, paint } = page
  const indent = indentOf(page)
  const room = columns - indent.length
  const indented = (lines: readonly string[]): string[] => lines.map((line) => indent + line)
  if (section.rows.length === 0)
    return sentence(section.empty ?? 'Nothing here.', page, '', indent).map(paint.quiet)
  if (isFacts(section)) return indented(factLines(section, room, tz, paint))
  if (section.layout === 'blocks') return blockLines(section, page)
  if (section.layout === 'lines') return linesOf(section).flatMap((text) => sentence(text, page, '', indent))
  if (section.layout === 'code') return indented(linesOf(section).map(visible))
  const { lines = [], leftOut = [] } = page.draw?.(section, room, tz, paint) ?? {}
  const missing = `Left out to fit ${columns} columns: ${leftOut.join(', ')}.`
  return [
    ...indented(lines),
    ...(leftOut.length === 0 || isBrief ? [] : sentence(missing, page, '', indent).map(paint.quiet)),
  ]
}

function blockLines(section: Section, page: Page): string[] {
  const indent = indentOf(page)
  return blocksOf(section).flatMap(({ headline, sentences }, index) => [
    ...(index === 0 ? [] : ['']),
    ...sentence(headline, page, '', indent).map(page.paint.strong),
    ...sentences.flatMap((pieces) => {
      const text = plainText(pieces)
      const hint = /^(.*:) (llmcost .*)$/.exec(text)
      if (hint !== null)
        return [...sentence(hint[1] ?? '', page, '  ', indent), `${indent}    ${visible(hint[2] ?? '')}`]
      const [start = '', ...rest] = sentence(text, page, '  ', indent)
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
