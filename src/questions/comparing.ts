/** Asks for what a comparison of two sets of calls shows: for `compare`, and a part of it for `report`. */
import { dimensionOf, type Dimension } from '../domain/dimensions.js'
import { localDate } from '../domain/time/periods.js'
import type { Scope, Window } from '../domain/scope.js'
import { surelyApart } from '../domain/versus.js'
import { dayMs } from '../domain/time/zones.js'
import { comparison, sharedCalls } from '../metrics/comparison/comparison.js'
import type { Figures } from '../metrics/figures.js'
import { movers, type MoverRow } from '../metrics/comparison/movers.js'
import type { SummaryRow } from '../metrics/summary.js'
import { basisOf, elapsed, labelsOf, type ComparedSide } from '../reports/comparison/compared-side.js'
import { largestChanges, type MovedBy } from '../reports/comparison/largest-changes.js'
import { comparedMeasures } from '../reports/comparison/comparison-figures.js'
import type { ReportPart } from '../reports/weekly/weekly.js'
import { ask, type Question } from './question.js'

type Compared = readonly [a: ComparedSide, b: ComparedSide]

/** Both sides with their figures, in one scan of each. */
export async function askSides(question: Question, other: Scope): Promise<Compared> {
  const { db, scope } = question
  const rows = await ask(db, comparison({ a: scope, b: other, measures: comparedMeasures }))
  const figures = (isA: boolean): Figures | undefined => rows.find((row) => row.is_a === isA)
  return sidesOf(question, other, figures(true), figures(false))
}

/** Both sides; one without figures has no calls. */
function sidesOf(question: Question, other: Scope, a: Figures = noFigures, b: Figures = noFigures): Compared {
  const { scope, asOf } = question
  const [labelA, labelB] = labelsOf(scope, other, asOf)
  return [sideOf(question, scope, labelA, a), sideOf(question, other, labelB, b)]
}

const noFigures: Figures = { calls: 0, priced_calls: 0, unpriced_calls: 0, partly_priced_calls: 0 }

/** A side of calls. */
function sideOf(
  { asOf, history: { first_ts: first } }: Question,
  scope: Scope,
  label: string,
  figures: Figures,
): ComparedSide {
  const { since, until, filters, tz, currency } = scope
  const window = { since, until }
  const complete = since !== null && first !== null && localDate(since, tz) >= localDate(first, tz)
  return { label, currency, window, tz, filters, ...elapsed(window, asOf, tz), complete, figures }
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

/**
 * Who explains the difference, by each dimension; nothing where the costs of the sides cannot be compared.
 * @param top groups of each dimension before the others
 */
export async function askMovers(
  { db, scope }: Question,
  other: Scope,
  [a, b]: Compared,
  by: readonly Dimension[],
  top: number,
): Promise<readonly MovedBy[]> {
  const basis = basisOf(a, b)
  if (basis === 'means') return []
  const days = basis === 'daily' ? ([daysOf(a), daysOf(b)] as const) : ([1, 1] as const)
  const moved: MovedBy[] = []
  for (const dimension of by) {
    const rows = await ask(db, movers({ a: scope, b: other, by: dimension, top, days }))
    moved.push({ by: dimension, rows })
  }
  return moved
}

/** The movers by model, for the part of the mix; asked where they are not among those known. */
export async function askModels(
  question: Question,
  other: Scope,
  sides: Compared,
  known: readonly MovedBy[],
  top: number,
): Promise<readonly MoverRow[] | undefined> {
  const model = dimensionOf('model')
  const found = known.find(({ by }) => by.key === model.key)
  return (found ?? (await askMovers(question, other, sides, [model], top))[0])?.rows
}

const daysOf = ({ ms }: ComparedSide): number => (ms === null ? 1 : ms / dayMs)

/**
 * What moved between a window and the one before it, for a report: a table for each dimension, who explains
 * most of the difference, and whether calls cost more by more than chance. Nothing where there are no calls
 * before.
 * @param summary the figures of both windows
 */
export async function askWhatMoved(
  question: Question,
  before: Window,
  summary: readonly SummaryRow[],
  by: readonly Dimension[],
  top: number,
): Promise<ReportPart> {
  const other = { ...question.scope, ...before }
  const figures = (isCurrent: boolean): Figures | undefined =>
    summary.find((row) => row.is_current === isCurrent)
  const sides = sidesOf(question, other, figures(true), figures(false))
  return largestChanges(...sides, await askMovers(question, other, sides, by, top))
}
