/** The tests of one hour with their figures, for a person to trace a verdict. */
import { shareTimes, type Materiality } from '../domain/materiality.js'
import type { bounds as testTable } from './method/bounds.js'
import type { SeriesHour } from './method/chosen-hours.js'

/** One condition: `measured` must be above `bound`. */
export interface TestBound {
  readonly test: string
  readonly condition: string
  readonly measured: number
  readonly bound: number
}

/** @param person the series is a user's, for whom other bounds hold */
export function testBounds(
  row: SeriesHour,
  { spike, sustained }: typeof testTable,
  matters: Materiality,
  person: boolean,
): TestBound[] {
  if (row.mean_usd === 0) return []
  const { noiseScale } = matters
  const day = shareTimes(matters.minShare) * row.usual_usd
  const { excess_usd: e, cost_usd: x, norm_usd: m } = row
  const spikes = [
    [`e above ${spike.noise * noiseScale} s`, e, spike.noise * noiseScale * row.noise_usd],
    [`x above ${spike.norm} m`, x, spike.norm * m],
    [`e above ${usualDays(spike.day, matters)}`, e, spike.day * day],
    [`e without the dearest call above ${spike.rest} e`, e - row.max_cost_usd, spike.rest * e],
    [`worth more than ${spike.calls} equal calls`, equalCalls(x, row.square_usd), spike.calls],
  ] as const
  const rows = spikes.map(([condition, measured, bound]) => ({ test: 'spike', condition, measured, bound }))
  return [...rows, ...sustainedBounds(row, sustained, matters, person)]
}

/** A share of a usual day, as `--min-share` moves it. */
const usualDays = (share: number, { minShare }: Materiality): string =>
  `${Number((share * shareTimes(minShare)).toPrecision(6))} usual days`

/** Kish's effective number: how many calls of one size would have this sum and sum of squares. */
const equalCalls = (sum: number, squares: number): number => (squares === 0 ? 0 : (sum * sum) / squares)

function sustainedBounds(
  row: SeriesHour,
  sustained: (typeof testTable)['sustained'],
  matters: Materiality,
  person: boolean,
): TestBound[] {
  const { noiseScale, minShare } = matters
  const {
    span_usd: x,
    span_norm_usd: m,
    span_noise_usd: s,
    span_max_excess_usd: most,
    span_square_usd: squares,
  } = row
  if (!row.is_whole || x === null || m === null || s === null || most === null || squares === null) return []
  const e = x - m
  const [norm, day] = person ? [sustained.personNorm, sustained.personDay] : [sustained.norm, sustained.day]
  const conditions = [
    [`E of 24 hours above ${sustained.noise * noiseScale} S`, e, sustained.noise * noiseScale * s],
    [`X above ${norm} M`, x, norm * m],
    [`E above ${usualDays(day, matters)}`, e, day * shareTimes(minShare) * row.usual_usd],
    ['x of this hour above m', row.cost_usd, row.norm_usd],
    [`E without its dearest hour above ${sustained.rest} E`, e - most, sustained.rest * e],
    [`worth more than ${sustained.calls} equal calls`, equalCalls(x, squares), sustained.calls],
  ] as const
  return conditions.map(([condition, measured, bound]) => ({ test: 'sustained', condition, measured, bound }))
}
