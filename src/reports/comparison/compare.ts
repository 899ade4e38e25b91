/** Two sets of calls side by side: `llmcost compare`. */
import { keyIn } from '../../domain/costs/currency.js'
import { dayMs } from '../../domain/time/zones.js'
import { capital } from '../../domain/words/wording.js'
import type { Filter } from '../../domain/scope.js'
import { localDate } from '../../domain/time/periods.js'
import type { MoverRow } from '../../metrics/comparison/movers.js'
import { meanCostFinding, pricedCalls } from './chance-words.js'
import { basisOf, windowLabel, type ComparedSide } from './compared-side.js'
import { figuresSection } from './comparison-figures.js'
import { costChangeSections } from './cost-change.js'
import { moverFindings, moversSection } from './movers.js'
import { movedParts, type MovedBy } from './largest-changes.js'
import { emptyText, footerOf, warningsOf, type Doubts } from '../notes.js'
import type { Cell, Finding, Report, Section } from '../report.js'
import { filterText } from '../unmatched.js'

export interface CompareAnswer {
  readonly a: ComparedSide
  readonly b: ComparedSide
  /** What the other side was read from; undefined where it is of the same calls. */
  readonly file?: string | undefined
  /** Calls that are on both sides. */
  readonly shared: number
  readonly moved: readonly MovedBy[]
  /** Groups by model, for the part of the mix. */
  readonly models?: readonly MoverRow[] | undefined
  /** Of the first side, and of the other where it is not a file. */
  readonly doubts: readonly Doubts[]
}

export function compareReport(answer: CompareAnswer): Report {
  const { a, b, doubts } = answer
  const [own] = doubts
  if (own === undefined) throw new Error('a comparison has a first side')
  const report = {
    kind: 'compare' as const,
    title: titleOf(answer),
    period: { ...a.window, tz: a.tz },
    warnings: sideWarnings(answer),
    data: { sides: { a: sideData(a), b: sideData(b) } },
    footer: footerOf(own.history),
  }
  if (isEmpty(a) && (isEmpty(b) || answer.file !== undefined)) {
    // Whole days alone would leave out calls that are all of one day.
    const empty = emptyText(own, '--since 7d --as-of latest')
    return { ...report, sections: [emptySection(answer, empty)], findings: [] }
  }
  const moved = movedParts(a, b, answer.moved)
  return {
    ...report,
    sections: [
      figuresSection(a, b, figureNotes(answer)),
      ...costChangeSections(a, b, answer.models),
      ...moved.map(moversSection),
    ],
    findings: [...meanFindings(answer), ...moved.flatMap(moverFindings)],
  }
}

/** The period stands beside it; where that tells the sides apart, it is not said twice. */
function titleOf({ a, b, file }: CompareAnswer): string {
  if (file !== undefined) return `Comparison with ${file}`
  const sameWindow = a.window.since === b.window.since && a.window.until === b.window.until
  return sameWindow ? `Comparison of ${a.label} with ${b.label}` : 'Comparison'
}

const isEmpty = ({ figures }: ComparedSide): boolean => Number(figures.calls ?? 0) === 0

function emptySection({ a, b }: CompareAnswer, empty: string): Section {
  const { columns, id, title } = figuresSection(a, b, [])
  return { id, title, columns, rows: [], empty }
}

function meanFindings({ a, b, file, shared }: CompareAnswer): Finding[] {
  return [meanCostFinding(a, { ...b, file }, shared)].filter((finding) => finding !== undefined)
}

/** What people must know to read the figures. */
function figureNotes(answer: CompareAnswer): string[] {
  const { a, b } = answer
  return [
    ...lengthNotes(a, b),
    ...[a, b].filter(({ running }) => running).map(runningNote),
    ...new Set([...historyNotes(answer, a), ...(answer.file === undefined ? historyNotes(answer, b) : [])]),
    ...[a, b].filter((side) => !isEmpty(side) && pricedCalls(side.figures) === 0).map(unpricedNote),
    ...fileNotes(answer),
  ]
}

const days = (ms: number | null): string => String(Number(((ms ?? 0) / dayMs).toFixed(1)))

function lengthNotes(a: ComparedSide, b: ComparedSide): string[] {
  if (a.ms === null || b.ms === null) {
    return ['One side has no beginning or end: totals are not compared.']
  }
  if (basisOf(a, b) !== 'daily') return []
  return [
    `The sides are ${days(a.ms)} and ${days(b.ms)} days long: calls and cost are compared a day, totals are not.`,
  ]
}

const runningNote = ({ label, ms }: ComparedSide): string =>
  `${capital(label)}: not over; ${days(ms)} ${days(ms) === '1' ? 'day has' : 'days have'} passed, the last of them in part.`

function historyNotes({ doubts }: CompareAnswer, side: ComparedSide): string[] {
  const { first_ts: first, last_ts: last } = doubts[0]?.history ?? { first_ts: null, last_ts: null }
  const { since, until } = side.window
  if (first === null || last === null) return []
  const began = localDate(first, side.tz)
  if (until !== null && Date.parse(until) <= Date.parse(first)) {
    return [`Nothing to compare with: ${side.label} lies before the first call, of ${began}.`]
  }
  if (!side.complete) {
    return [`${side.label} is not comparable as a whole: the calls begin on ${began}, within it.`]
  }
  if (isEmpty(side)) return [`${side.label} has no calls.`]
  const lastDay = localDate(last, side.tz)
  const ends = until === null ? null : localDate(new Date(Date.parse(until) - 1).toISOString(), side.tz)
  const short = ends !== null && since !== null && lastDay < ends && !side.running
  return short ? [`The newest call is of ${lastDay}: ${side.label} has none after it.`] : []
}

const unpricedNote = ({ label }: ComparedSide): string =>
  `${label} has no call with a price: its cost cannot be compared.`

function fileNotes({ a, b, file }: CompareAnswer): string[] {
  if (file === undefined) return []
  const notes = [`${file} is of ${windowLabel(b.window, b.tz)}${b.tz === a.tz ? '' : ` (${b.tz})`}.`]
  const texts = (filter: Filter): string => filterText(filter, a.currency)
  const own = new Set((a.filters ?? []).map(texts))
  const theirs = b.filters === null ? null : new Set(b.filters.map(texts))
  if (theirs === null) {
    return own.size === 0
      ? notes
      : [...notes, `${file} does not say of which calls it is; this side is of ${[...own].join(', ')} only.`]
  }
  const same = own.size === theirs.size && [...own].every((filter) => theirs.has(filter))
  if (same) return notes
  const words = (filters: ReadonlySet<string>): string => [...filters].join(', ') || 'all calls'
  return [...notes, `${file} is of ${words(theirs)}, this side of ${words(own)}.`]
}

/** Doubts about prices are those of a side; the others are said once. */
function sideWarnings({ a, b, doubts }: CompareAnswer): string[] {
  const [own, other] = doubts
  if (own === undefined) return []
  const prices = [own, other].map((one) =>
    one === undefined
      ? []
      : warningsOf({ ...one, history: { ...one.history, rejected_lines: 0, future_calls: 0 } }),
  )
  const [ofA = [], ofB = []] = prices
  const common = warningsOf({
    ...own,
    unpricedCalls: 0,
    partlyPricedCalls: 0,
    late: { late_calls: 0, late_cost_usd: null },
    loggedCosts: [],
    doubtfulPrices: [],
  })
  const named = ({ label }: ComparedSide, texts: readonly string[]): string[] =>
    texts.map((text) => `${label}: ${text}`)
  return [...named(a, ofA), ...named(b, ofB), ...common]
}

function sideData(side: ComparedSide): Cell {
  const { label, window, tz, filters, ms, running, complete, currency } = side
  const named = (dimension: string): string =>
    currency === undefined ? dimension : keyIn(dimension, currency)
  return {
    label,
    since: window.since,
    until: window.until,
    tz,
    days: ms === null ? null : ms / dayMs,
    filters:
      filters?.map(({ dimension, operator, value }) => ({ dimension: named(dimension), operator, value })) ??
      null,
    running,
    complete,
  }
}
