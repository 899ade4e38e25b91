/** The figures of both sides of a comparison, with their differences and ratios. */
import { difference, perDay, ratio } from '../../domain/costs/cost-change.js'
import type { MeasureName } from '../../metrics/measures/registry.js'
import { betterOf, column, measureColumn } from '../columns.js'
import { basisOf, type Basis, type ComparedSide } from './compared-side.js'
import type { Cell, Column, Row, Section } from '../report.js'

/** Figures asked of each side, in the order in which they are read. */
export const comparedMeasures = [
  'calls',
  'unpriced_calls',
  'partly_priced_calls',
  'priced_calls',
  'cost_usd',
  'mean_cost_usd',
  'p95_cost_usd',
  'max_cost_usd',
  'stddev_cost_usd',
  'input_tokens',
  'output_tokens',
  'mean_input_tokens',
  'mean_output_tokens',
  'p50_latency_ms',
  'p95_latency_ms',
  'p50_provider_latency_ms',
  'p95_provider_latency_ms',
  'truncation_rate',
  'error_rate',
  'cache_hit_rate',
  'mean_quality_score',
  'mean_groundedness',
  'mean_retrieval_score',
  'mean_user_feedback',
] as const satisfies readonly MeasureName[]

/** What grows with the length of a side: compared where both are equally long. */
const totals: ReadonlySet<string> = new Set<MeasureName>([
  'calls',
  'unpriced_calls',
  'partly_priced_calls',
  'priced_calls',
  'cost_usd',
  'input_tokens',
  'output_tokens',
])

const titles: Readonly<Partial<Record<MeasureName, string>>> = {
  unpriced_calls: 'calls without a price',
  mean_cost_usd: 'mean cost a call',
  p95_cost_usd: 'p95 cost a call',
  mean_input_tokens: 'mean input tokens',
  mean_output_tokens: 'mean output tokens',
  mean_quality_score: 'quality score',
}

/** Needed by programs, and by a later comparison with this one. */
const dataOnly: ReadonlySet<MeasureName> = new Set<MeasureName>([
  'partly_priced_calls',
  'priced_calls',
  'max_cost_usd',
  'stddev_cost_usd',
  // People compare how fast providers answer, as llmcost latency shows it: hits and failures would blur it.
  'p50_latency_ms',
  'p95_latency_ms',
])

type Figure = string | number | bigint | null

interface Compared {
  readonly column: Column
  readonly values: readonly [a: Figure, b: Figure]
}

/** Rows `a`, `b`, `difference` (a - b) and `ratio` (a / b); people read one line a figure. */
export function figuresSection(a: ComparedSide, b: ComparedSide, notes: readonly string[]): Section {
  const basis = basisOf(a, b)
  const compared = comparedFigures(a, b, basis)
  const comparable = ({ column }: Compared): boolean => basis === 'totals' || !totals.has(column.key)
  const row = (side: string, label: string, cell: (figure: Compared) => Cell): Row => ({
    side,
    label,
    ...Object.fromEntries(compared.map((figure) => [figure.column.key, cell(figure)])),
  })
  return {
    id: 'comparison',
    title: 'Figures',
    layout: 'sides',
    columns: [
      { ...column('side', 'side', 'text'), dataOnly: true },
      column('label', '', 'text'),
      ...compared.map((figure) => figure.column),
    ],
    rows: [
      row('a', a.label, ({ values }) => values[0]),
      row('b', b.label, ({ values }) => values[1]),
      row('difference', 'difference', (figure) => (comparable(figure) ? difference(...figure.values) : null)),
      row('ratio', 'ratio', (figure) => (comparable(figure) ? ratio(...figure.values) : null)),
    ],
    notes,
  }
}

/** What at least one side has. */
function comparedFigures(a: ComparedSide, b: ComparedSide, basis: Basis): Compared[] {
  const all = comparedMeasures.flatMap((name): Compared[] => {
    const values = [a.figures[name] ?? null, b.figures[name] ?? null] as const
    const plain: Compared = { column: figureColumn(name, values), values }
    const daily = basis === 'daily' ? dailyFigure(name, values, a, b) : []
    return [plain, ...daily]
  })
  return all.filter(({ values }) => values.some((value) => value !== null))
}

function figureColumn(name: MeasureName, values: readonly Cell[]): Column {
  const shown = { ...measureColumn(name, 'always') }
  const quiet = name === 'unpriced_calls' && values.every((value) => Number(value ?? 0) === 0)
  return {
    ...shown,
    title: titles[name] ?? shown.title,
    ...(dataOnly.has(name) || quiet ? { dataOnly: true } : {}),
  }
}

function dailyFigure(
  name: MeasureName,
  [a, b]: readonly [Figure, Figure],
  { ms: msA }: ComparedSide,
  { ms: msB }: ComparedSide,
): Compared[] {
  const shown =
    name === 'calls'
      ? column('daily_calls', 'calls a day', 'number')
      : name === 'cost_usd'
        ? { ...column('daily_cost_usd', 'cost a day', 'usd'), ...betterOf(name) }
        : undefined
  if (shown === undefined || msA === null || msB === null) return []
  return [{ column: shown, values: [perDay(a, msA), perDay(b, msB)] }]
}
