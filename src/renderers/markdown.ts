/** Markdown for pull requests and wikis: GitHub tables, and nothing from a log that a reader would run. */
import type { Brief, BriefFinding, Column, Hint, Report, Section } from '../reports/report.js'
import { blocksOf, linesOf, plainText } from './blocks.js'
import { fullCommand, leftWords } from './brief.js'
import { columnWords, seriesWords } from './cells.js'
import { factsOf, isFacts } from './facts.js'
import type { Renderer } from './renderer.js'
import { sideColumns } from './compared-sides.js'
import { longestSparkline } from './sparkline.js'
import { periodWords } from './times.js'
import { isNumeric, notesOf, shownColumns, shownSections } from './values.js'
import { visible, visibleOnPage } from '../domain/words/hidden.js'

/** Tables for places that show Markdown; every column, numbers as people read them. */
export const markdown: Renderer = {
  id: 'markdown',
  title: 'for pull requests, chats and wikis',
  endings: ['md', 'markdown'],
  render: (report, options) => {
    const tz = options.tz ?? report.period.tz
    const period = periodWords(report.period, tz)
    const head = [`## ${inline(report.title)}`, ...(period === undefined ? [] : [block(period)])]
    if (report.brief !== undefined)
      return `${[...head, ...briefBlocks(report, report.brief, tz)].join('\n\n')}\n`
    const blocks = [
      ...head,
      ...shownSections(report).flatMap((section) => sectionBlocks(section, report, tz)),
      ...findingBlocks(report),
      ...report.warnings.map((text) => `> **Warning:** ${inline(text)}`),
      ...(report.footer ?? []).map((text) => `<sub>${inline(text)}</sub>`),
      ...(report.next ?? []).map((command) => `Next: \`${visible(command).replaceAll('`', "'")}\``),
    ]
    return `${blocks.join('\n\n')}\n`
  },
}

/** The first page, in the order of the terminal. */
function briefBlocks(report: Report, brief: Brief, tz: string): string[] {
  const rest = { text: `${leftWords(brief)}:`, command: fullCommand(report) }
  return [
    `**${inline(brief.opening)}**`,
    ...brief.sections.map((section) => body(section, tz)),
    ...(brief.findings.length === 0 ? [] : ['### To look at', brief.findings.map(findingItem).join('\n')]),
    ...brief.doubts.map((doubt) => `> **Warning:** ${hintText(doubt)}`),
    ...(report.footer ?? []).map((text) => `<sub>${inline(text)}</sub>`),
    hintText(rest),
  ]
}

function findingItem(finding: BriefFinding): string {
  const amount = finding.amount === '' ? '' : `**${inline(finding.amount)}** `
  return `- ${finding.severity === 'critical' ? '**Critical:** ' : ''}${amount}${hintText(finding)}`
}

/** A command stands in code, to be copied as it is. */
const hintText = ({ text, command }: Hint): string =>
  command === undefined ? block(text) : `${block(text)}<br>${code(command)}`

/** What it holds shows as it is; a fence is longer than any run of its own marks. */
function code(text: string): string {
  const shown = visible(text)
  const fence = '`'.repeat(Math.max(0, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length)) + 1)
  const pad = shown.startsWith('`') || shown.endsWith('`') ? ' ' : ''
  return `${fence}${pad}${shown}${pad}${fence}`
}

function findingBlocks({ findings = [] }: Report): string[] {
  if (findings.length === 0) return []
  const marks = { info: '', warning: '', critical: '**Critical:** ' } as const
  return [
    '### To look at',
    findings.map(({ text, severity }) => `- ${marks[severity]}${block(text)}`).join('\n'),
  ]
}

function sectionBlocks(section: Section, report: Report, tz: string): string[] {
  const title = section.title === report.title ? [] : [`### ${inline(section.title)}`]
  const notes = notesOf(section)
    .map((text) => `- ${block(text)}`)
    .join('\n')
  return [...title, body(section, tz), ...(notes === '' ? [] : [notes])]
}

function body(section: Section, tz: string): string {
  if (section.rows.length === 0) return block(section.empty ?? 'Nothing here.')
  if (section.layout === 'sides') return sidesTable(section)
  if (section.layout === 'blocks') return blockList(section)
  if (section.layout === 'lines') return linesOf(section).map(block).join('\n\n')
  if (section.layout === 'code') return fenced(linesOf(section).map(visible))
  return isFacts(section) ? factsTable(section, tz) : table(section, tz)
}

/** A block of code, whatever marks are in it. */
function fenced(lines: readonly string[]): string {
  const longest = Math.max(0, ...(lines.join('\n').match(/`+/g) ?? []).map((marks) => marks.length))
  const fence = '`'.repeat(Math.max(3, longest + 1))
  return [fence, ...lines, fence].join('\n')
}

function blockList(section: Section): string {
  return blocksOf(section)
    .map(({ headline, sentences }) => [
      `- **${inline(headline)}**`,
      ...sentences.map((pieces) => `  - ${block(plainText(pieces))}`),
    ])
    .flat()
    .join('\n')
}

function factsTable(section: Section, tz: string): string {
  const facts = factsOf(section, tz)
  const changed = facts.some(({ change }) => change !== undefined)
  const rows = facts.map(({ label, value, change }) => [
    inline(label),
    inline(value.text),
    ...(changed ? [inline(change?.text ?? '')] : []),
  ])
  const titles = changed ? ['', 'Value', 'Change'] : ['', 'Value']
  return [row(titles), row(titles.map((title) => (title === '' ? '---' : '---:'))), ...rows.map(row)].join(
    '\n',
  )
}

function sidesTable(section: Section): string {
  const wordColumns = sideColumns(section)
  const lines = wordColumns[0]?.words.map((_, index) =>
    row(wordColumns.map(({ words }) => inline(words[index]?.text ?? ''))),
  )
  const head = [
    row(wordColumns.map(({ title }) => inline(title))),
    row(wordColumns.map(({ column }) => alignment(column))),
  ]
  return [...head, ...(lines ?? [])].join('\n')
}

function table(section: Section, tz: string): string {
  const columns = shownColumns(section.columns)
  const { totals, rows } = section
  const words = columns.map((column) => {
    const body = rows.map((cells) => cells[column.key])
    const cells = totals === undefined ? body : [...body, totals[column.key]]
    // Spaces would run together.
    return column.kind === 'series'
      ? seriesWords(column, cells, longestSparkline, '·')
      : columnWords(column, cells, tz)
  })
  const lines = rows.map((_, index) => row(words.map((column) => inline(column[index]?.text ?? ''))))
  const total = columns.map((column, index) => {
    const blank =
      totals?.[column.key] === undefined || (totals[column.key] === null && !isNumeric(column.kind))
    if (blank) return index === 0 ? '**Total**' : ''
    return `**${inline(words[index]?.at(-1)?.text ?? '')}**`
  })
  const head = [row(columns.map(({ title }) => inline(title))), row(columns.map(alignment))]
  return [...head, ...lines, ...(totals === undefined ? [] : [row(total)])].join('\n')
}

function alignment({ kind }: Column): string {
  return isNumeric(kind) ? '---:' : '---'
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

/**
 * Text that shows as it is: no markup, HTML or links, and names after @ in code, so that nobody is
 * called by a log.
 */
function inline(text: string): string {
  const parts = visibleOnPage(text).split(/((?<!\w)@[\w-]+)/)
  return parts
    .map((part, index) => (index % 2 === 1 ? `\`${part}\`` : escaped(part)))
    .join('')
    .trim()
}

/** The same at the beginning of a line, where a mark or a number would make a list or a heading. */
function block(text: string): string {
  return inline(text).replace(/^([-+=]|\d+(?=[.)]))/, (mark) =>
    /^\d/.test(mark) ? `${mark}\\` : `\\${mark}`,
  )
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[\\|`*_[\]~#]/g, '\\$&')
    .replaceAll('://', '\\://')
    .replace(/\bwww\./gi, (found) => `${found.slice(0, 3)}\\.`)
}
