/**
 * Figures of efficiency that cross a bound, in words: what, how much, and what to do next. A group is judged
 * from `efficiency_calls` calls on that have what is judged.
 */
import type { Bounds } from '../../domain/bounds.js'
import type { Currency } from '../../domain/costs/currency.js'
import { dimensionNoun, type Dimension } from '../../domain/dimensions.js'
import { memberWords } from '../../domain/words/subjects.js'
import { count, money, number, percent } from '../../domain/words/wording.js'
import type { BreakdownRow } from '../../metrics/breakdown.js'
import type { MeasureName } from '../../metrics/measures/registry.js'
import { approximateWords } from '../columns.js'
import type { Cell, Finding } from '../report.js'

/** Figures of each group that findings read. */
export const judgedMeasures = [
  'calls',
  'cost_usd',
  'priced_calls',
  'mean_cost_usd',
  'finish_reason_calls',
  'truncation_rate',
  'truncated_cost_usd',
  'input_token_calls',
  'mean_input_tokens',
  'p95_input_tokens',
  'p95_input_over_mean',
  'output_input_calls',
  'mean_output_input_ratio',
  'max_tokens_calls',
  'p95_output_tokens',
  'p95_output_of_max_tokens',
  'sent_input_calls',
  'repeated_input_tokens',
  'repeated_input_share',
  'repeated_input_cost_usd',
  'cache_read_share',
] as const satisfies readonly MeasureName[]

type Judged = (typeof judgedMeasures)[number]

/** A double that differs from its bound by the noise of a division is at the bound. */
const noise = 1e-14
export const isAbove = (value: number, bound: number): boolean => value > bound * (1 + noise)
export const isAtLeast = (value: number, bound: number): boolean => value >= bound * (1 - noise)
const isUnder = (value: number, bound: number): boolean => value < bound * (1 - noise)

interface Group {
  /** `feature search`, `all calls` */
  readonly name: string
  readonly of: (measure: Judged) => number | null
  /** Cost of all calls. */
  readonly allCost: number
  /** An amount in words. */
  readonly amount: (value: number | null) => string
}

interface Rule {
  readonly kind: keyof Bounds & Judged
  readonly severity: Finding['severity']
  /** How many calls have what is judged. */
  readonly over: Judged
  readonly crossed: (measured: number, bound: number, group: Group) => boolean
  /** Its bound is an amount in dollars: no amount in another currency is held against it. */
  readonly isOfUsd?: true
  /** Cost of the calls that it touches. */
  readonly touches: Judged
  /** The sentence after the name of the group where room is short; absent: the whole one. */
  readonly short?: (measured: number, bound: number, group: Group) => string
  /** The sentence after the name of the group. */
  readonly text: (measured: number, bound: number, group: Group) => string
}

/** Input that repeats is left alone where it costs less than this share of all calls. */
const worthwhile = 0.005

const rules: readonly Rule[] = [
  {
    kind: 'truncation_rate',
    severity: 'warning',
    over: 'finish_reason_calls',
    touches: 'truncated_cost_usd',
    crossed: isAbove,
    short: (rate, bound, { of }) =>
      `${percent(rate)} of ${count(of('finish_reason_calls'))} answers are cut off (bound ${percent(bound)}): raise max_tokens`,
    text: (rate, bound, { of }) =>
      `${percent(rate)} of ${count(of('finish_reason_calls'))} answers are cut off at their output limit (bound ${percent(bound)}): raise max_tokens, or ask for shorter answers`,
  },
  {
    kind: 'mean_cost_usd',
    severity: 'warning',
    over: 'priced_calls',
    touches: 'cost_usd',
    crossed: isAbove,
    isOfUsd: true,
    short: (mean, bound, { amount }) => `a call costs ${amount(mean)} on average (bound ${amount(bound)})`,
    text: (mean, bound, { of, amount }) =>
      `a call costs ${amount(mean)} on average (bound ${amount(bound)}), ${amount(of('cost_usd'))} in all: send less input, or try a smaller model`,
  },
  {
    kind: 'p95_input_over_mean',
    severity: 'warning',
    over: 'input_token_calls',
    touches: 'cost_usd',
    crossed: isAtLeast,
    text: (ratio, bound, { of }) =>
      `the p95 of input, ${count(of('p95_input_tokens'))} tokens, is ${number(ratio)}× its mean (bound ${number(bound)}×): a few calls send far more than the others; limit or split what they send`,
  },
  {
    kind: 'mean_output_input_ratio',
    severity: 'info',
    over: 'output_input_calls',
    touches: 'cost_usd',
    crossed: isAbove,
    text: (ratio, bound) =>
      `answers are ${number(ratio)}× as long as what was sent, on average (bound ${number(bound)}×): output is the dear part; ask for shorter answers`,
  },
  {
    kind: 'p95_output_of_max_tokens',
    severity: 'info',
    over: 'max_tokens_calls',
    touches: 'cost_usd',
    crossed: isUnder,
    text: (share, bound, { of }) =>
      `19 of 20 answers use at most ${percent(share)} of max_tokens (bound ${percent(bound)}; p95 of output ${count(of('p95_output_tokens'))} tokens): lower max_tokens, so that a runaway answer costs less`,
  },
  {
    kind: 'repeated_input_share',
    severity: 'info',
    over: 'sent_input_calls',
    touches: 'repeated_input_cost_usd',
    // What the provider reads from its cache repeats too, and is dealt with.
    crossed: (share, bound, { of, allCost }) =>
      isAbove(share, bound) &&
      share > (of('cache_read_share') ?? 0) &&
      (of('repeated_input_cost_usd') ?? Infinity) >= worthwhile * allCost,
    short: (share, bound) =>
      `${percent(share)} of its input repeats from call to call (bound ${percent(bound)})`,
    text: (share, bound, { of, amount }) => {
      const cost = of('repeated_input_cost_usd')
      const tokens = count(of('repeated_input_tokens'))
      return `19 of 20 calls carry at least ${tokens} input tokens, ${percent(share)} of all input (bound ${percent(bound)})${cost === null ? '' : `, for ${amount(cost)}`}: if these are instructions, shorten them, or put them first so that the provider can cache them`
    },
  },
]

interface Judging {
  readonly by: readonly Dimension[]
  readonly rows: readonly BreakdownRow[]
  readonly bounds: Bounds
  /** What amounts are in; absent: US dollars. */
  readonly currency?: Currency | undefined
}

/** Findings about each group by itself, the dearest group first; those about the others and the total are left out. */
export function efficiencyFindings({ by, rows, bounds, currency }: Judging): Finding[] {
  const groups = by.length === 0 ? rows : rows.filter((row) => !row.is_total && !row.is_others)
  const dearest = groups.toSorted((a, b) => Number(b.cost_usd ?? 0) - Number(a.cost_usd ?? 0))
  const allCost = Number(rows.find((row) => row.is_total)?.cost_usd ?? 0)
  const amount = (value: number | null): string => money(value, currency)
  const held = rules.filter(({ isOfUsd }) => !isOfUsd || currency === undefined)
  return held.flatMap((rule) =>
    folded(
      by,
      dearest.flatMap((row) => {
        const of = (measure: Judged): number | null => figureOf(row, measure)
        return judged(rule, by, row, { name: nameOf(by, row), of, allCost, amount }, bounds)
      }),
    ),
  )
}

function judged(
  rule: Rule,
  by: readonly Dimension[],
  row: BreakdownRow,
  group: Group,
  bounds: Bounds,
): Finding[] {
  const { of } = group
  const [measured, bound] = [of(rule.kind), bounds[rule.kind]]
  if (measured === null || (of(rule.over) ?? 0) < bounds.efficiency_calls) return []
  if (!rule.crossed(measured, bound, group)) return []
  return [
    {
      kind: rule.kind,
      severity: rule.severity,
      dimension: by.length === 0 ? null : by.map(({ key }) => key).join(','),
      value: valueOf(by, row),
      measured,
      bound,
      text: `${group.name}: ${rule.text(measured, bound, group)}${approximateWords(rule.kind, row)}`,
      ...(rule.short && {
        short: `${group.name}: ${rule.short(measured, bound, group)}${approximateWords(rule.kind, row)}`,
      }),
      touchedUsd: of(rule.touches),
      details: { calls: of(rule.over) },
    },
  ]
}

export function figureOf(row: BreakdownRow, measure: MeasureName): number | null {
  const figure = row[measure]
  return figure === null || figure === undefined ? null : Number(figure)
}

function valueOf(by: readonly Dimension[], row: BreakdownRow): Cell {
  if (by.length === 1) return row.d0 ?? null
  return by.length === 0 ? null : by.map((_, i) => row[`d${i}`] ?? null)
}

function nameOf(by: readonly Dimension[], row: BreakdownRow): string {
  if (by.length === 0) return 'all calls'
  const parts = by.map((dimension, i) => {
    const value = row[`d${i}`]
    return memberWords(dimension.key, value === null || value === undefined ? null : String(value))
  })
  return parts.join(', ')
}

/** So many groups have a sentence each; further ones share one. */
const mostSentences = 5

function folded(by: readonly Dimension[], found: readonly Finding[]): Finding[] {
  const rest = found.slice(mostSentences)
  const [first] = rest
  if (first === undefined || rest.length === 1) return [...found]
  const nouns = by.map(dimensionNoun).join(' and ')
  const text = `${count(rest.length)} further groups by ${nouns} cross the same bound of ${first.kind}; programs find them in JSON`
  const values = rest.map(({ value, measured }): Cell => ({ value, measured }))
  return [
    ...found.slice(0, mostSentences),
    {
      ...first,
      value: null,
      measured: null,
      text,
      touchedUsd: rest.reduce((sum, { touchedUsd }) => sum + (touchedUsd ?? 0), 0),
      details: { groups: values },
    },
  ]
}
