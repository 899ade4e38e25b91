/** One row as a list: label, value, and how the value changed; in two columns where there is room. */
import { onTerminal } from './word-columns.js'
import type { Column, Section } from '../reports/report.js'
import { columnWords, type Words } from './cells.js'
import type { Paint } from './terminal/paint.js'
import { shownColumns } from './values.js'
import { visible } from '../domain/words/hidden.js'
import { cutEnd, pad, width } from './width.js'

export interface Fact {
  readonly column: Column
  readonly label: string
  readonly value: Words
  readonly change?: Words
}

/** What is not known is said, not left blank. */
const unknown: Words = { text: '–' }

/** Whether a section is a list of facts rather than a table. */
export function isFacts(section: Section): boolean {
  return section.layout === 'facts' && section.rows.length === 1 && section.totals === undefined
}

/** The row's cells in words; a change stands with the quantity that changed. */
export function factsOf(section: Section, tz: string): Fact[] {
  const columns = shownColumns(section.columns)
  const words = new Map(columns.map((column) => [column.key, wordsOf(section, column, tz)]))
  const changes = new Map<string, string>()
  for (const { key, kind } of columns) {
    const base = kind === 'change' ? changed(key, columns) : undefined
    if (base !== undefined && !changes.has(base)) changes.set(base, key)
  }
  const attached = new Set(changes.values())
  return columns
    .filter(({ key }) => !attached.has(key))
    .map((column) => {
      const change = words.get(changes.get(column.key) ?? '')
      const found = words.get(column.key)
      const value = found === undefined || found.text === '' ? unknown : found
      return { column, label: visible(column.title), value, ...(change && { change }) }
    })
}

function wordsOf(section: Section, column: Column, tz: string): Words {
  return columnWords(column, [section.rows[0]?.[column.key]], tz)[0] ?? { text: '' }
}

/** The column whose change this is: `cost_usd` for `cost_usd_change`, `change_cost_usd` and `cost_change`. */
function changed(key: string, columns: readonly Column[]): string | undefined {
  const base = key.replace(/_?change_?/, '')
  const others = columns.filter(({ kind }) => kind !== 'change')
  const found =
    others.find((other) => other.key === base) ?? others.find((other) => other.key.startsWith(`${base}_`))
  return base === '' ? undefined : found?.key
}

/** Space between the two halves. */
const gutter = 4

/** Lays the facts out in `room` columns. */
export function factLines(section: Section, room: number, tz: string, paint: Paint): readonly string[] {
  const facts = factsOf(section, tz).map((fact): Fact => ({ ...fact, value: onTerminal(fact.value) }))
  const half = Math.ceil(facts.length / 2)
  // Numbers stand right under each other; among texts of all lengths they would stray from their labels.
  const aside = facts.some(({ column }) => column.kind === 'text') ? 'left' : 'right'
  const left = block(facts.slice(0, half), room, paint, aside)
  const right = block(facts.slice(half), room, paint, aside)
  if (facts.length < 4 || left.width + gutter + right.width > room) {
    return block(facts, room, paint, aside).lines
  }
  return left.lines.map((text, index) => {
    const other = right.lines[index]
    return other === undefined
      ? text
      : text + ' '.repeat(left.width - (left.widths[index] ?? 0) + gutter) + other
  })
}

/** A label is cut no shorter than this; then long values reach into the room for changes. */
const shortestLabel = 5

interface Block {
  readonly lines: readonly string[]
  /** Width of each line as shown, and of the widest. */
  readonly widths: readonly number[]
  readonly width: number
}

const most = (texts: readonly string[]): number => Math.max(...texts.map(width), 0)

/** Shares the room out. A label can be cut; half a number would be another number. */
function blockWidths(
  facts: readonly Fact[],
  room: number,
): { label: number; value: number; changes: number } {
  const changes = Math.min(most(facts.map(({ change }) => change?.text ?? '')), Math.floor(room / 4))
  const beside = besides(changes)
  const labels = most(facts.map((fact) => fact.label))
  const longest = most(facts.map((fact) => fact.value.text))
  const required = most(facts.map(({ change, value }) => (change ? value.text : value.text.slice(beside))))
  const free = room - 2 - beside
  const wanted = Math.min(longest, Math.max(required, free - labels))
  const label = Math.min(labels, Math.max(free - wanted, shortestLabel))
  return { label, value: Math.min(longest, free - label), changes }
}

/** What the changes take, with the space before them. */
function besides(changes: number): number {
  return changes > 0 ? changes + 2 : 0
}

function block(facts: readonly Fact[], room: number, paint: Paint, aside: 'left' | 'right'): Block {
  const { label, value, changes } = blockWidths(facts, room)
  const beside = besides(changes)
  const drawn = facts.map((fact) => {
    // A long value without a change may reach into the room for changes.
    const text = cutEnd(fact.value.text, value + (fact.change === undefined ? beside : 0))
    const name = pad(cutEnd(fact.label, label), label)
    const change =
      fact.change === undefined ? '' : `  ${pad(cutEnd(fact.change.text, changes), changes, 'left')}`
    const space = ' '.repeat(Math.max(0, aside === 'left' && change === '' ? 0 : value - width(text)))
    const shown = paint.toned(text, fact.value.tone)
    const placed = aside === 'left' ? shown + space : space + shown
    return {
      text: `${paint.quiet(name)}  ${placed}${paint.toned(change, fact.change?.tone)}`,
      width: label + 2 + width(space) + width(text) + width(change),
    }
  })
  const widths = drawn.map((one) => one.width)
  return { lines: drawn.map(({ text }) => text), widths, width: Math.max(...widths, 0) }
}
