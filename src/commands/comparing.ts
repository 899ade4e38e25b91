/** Asks for what a comparison of two sets of calls shows: for `compare`, and a part of it for `report`. */
import { dimensionOf, type Dimension } from '../domain/dimensions.js'
import { localDate } from '../domain/periods.js'
import type { Scope, Window } from '../domain/scope.js'
import { surelyApart } from '../domain/versus.js'
import { dayMs } from '../domain/zones.js'
import { comparison, sharedCalls } from '../metrics/comparison.js'
import type { Figures } from '../metrics/figures.js'
import type { MeasureName } from '../metrics/measures.js'
import { movers, type MoverRow } from '../metrics/movers.js'
import { basisOf, elapsed, labelsOf, type ComparedSide } from '../reports/compared-side.js'
import { whatMoved } from '../reports/what-moved.js'
import { comparedMeasures } from '../reports/comparison-figures.js'
import type { ReportPart } from '../reports/weekly.js'
import { ask, type Question } from './question.js'

/** Both sides with their figures, in one scan of each. */
export async function askSides(
  question: Question,
  other: Scope,
  measures: readonly MeasureName[] = comparedMeasures,
): Promise<readonly [a: ComparedSide, b: ComparedSide]> {
  const { db, scope, asOf } = question
  const rows = await ask(db, comparison({ a: scope, b: other, measures }))
  const [labelA, labelB] = labelsOf(scope, other, asOf)
  const figures = (isA: boolean): Figures => rows.find((row) => row.is_a === isA) ?? noFigures
  return [sideOf(question, scope, labelA, figures(true)), sideOf(question, other, labelB, figures(false))]
}

const noFigures: Figures = { calls: 0, priced_calls: 0, unpriced_calls: 0, partly_priced_calls: 0 }

/** A side of calls. */
function sideOf(
  { asOf, history: { first_ts: first } }: Question,
  scope: Scope,
  label: string,
  figures: Figures,
): ComparedSide {
  const { since, until, filters, tz } = scope
  const window = { since, until }
  const complete = since !== null && first !== null && localDate(since, tz) >= localDate(first, tz)
  return { label, window, tz, filters, ...elapsed(window, asOf, tz), complete, figures }
}

/** The first side alone, for a comparison with a file. */
export async function askSide(question: Question, label: string): Promise<ComparedSide> {
  const { db, scope } = question
  const rows = await ask(
    db,
    comparison({ a: scope, b: { ...scope, until: scope.since }, measures: comparedMeasures }),
  )
  return sideOf(question, scope, label, rows.find((row) => row.is_a) ?? noFigures)
}

/** How many calls are on both sides; asked of the calls only where it can be any. */
export async function askShared({ db, scope }: Question, other: Scope): Promise<number> {
  if (surelyApart(scope, other)) return 0
  const [row] = await ask(db, sharedCalls({ a: scope, b: other }))
  return Number(row?.shared_calls ?? 0)
}

export interface AskedMovers {
  readonly moved: readonly { readonly by: Dimension; readonly rows: readonly MoverRow[] }[]
  /** By model, for the mix. */
  readonly models: readonly MoverRow[] | undefined
}

/**
 * Who explains the difference, by each dimension; nothing where the costs of the sides cannot be compared.
 * @param top groups of each dimension before the others
 */
export async function askMovers(
  { db, scope }: Question,
  other: Scope,
  sides: readonly [a: ComparedSide, b: ComparedSide],
  by: readonly Dimension[],
  top: number,
): Promise<AskedMovers> {
  const [a, b] = sides
  const basis = basisOf(a, b)
  if (basis === 'means') return { moved: [], models: undefined }
  const days = basis === 'daily' ? ([daysOf(a), daysOf(b)] as const) : ([1, 1] as const)
  const rowsOf = (dimension: Dimension): Promise<readonly MoverRow[]> =>
    ask(db, movers({ a: scope, b: other, by: dimension, top, days }))
  const moved = []
  for (const dimension of by) moved.push({ by: dimension, rows: await rowsOf(dimension) })
  const model = dimensionOf('model')
  const models = moved.find(({ by: one }) => one.key === model.key)?.rows ?? (await rowsOf(model))
  return { moved, models }
}

const daysOf = ({ ms }: ComparedSide): number => (ms === null ? 1 : ms / dayMs)

/** What the cost a call is judged by. */
const billMeasures = [
  'calls',
  'priced_calls',
  'unpriced_calls',
  'cost_usd',
  'mean_cost_usd',
  'max_cost_usd',
  'stddev_cost_usd',
] as const satisfies readonly MeasureName[]

/**
 * What moved between a window and the one before it, for a report: a table for each dimension, who explains
 * most of the difference, and whether calls cost more by more than chance. Nothing where there are no calls
 * before.
 */
export async function askWhatMoved(
  question: Question,
  before: Window,
  by: readonly Dimension[] = ['feature', 'model', 'user'].map(dimensionOf),
  top = 5,
): Promise<ReportPart> {
  const other = { ...question.scope, ...before }
  const sides = await askSides(question, other, billMeasures)
  const { moved } = await askMovers(question, other, sides, by, top)
  return whatMoved(...sides, moved)
}
