/** The figures of each group of calls, and of all of them. */
import { approximateItem, figure, groupedFigures, type Figures } from './figures.js'
import { routed, type Grain } from '../rollups/router.js'
import {
  asksOf,
  direction,
  flags,
  labels,
  measureNamed,
  placedCalls,
  sortOf,
  type GroupKeys,
  type GroupRequest,
  type Sort,
} from './groups.js'
import type { MeasureName } from './measures/registry.js'
import type { Query } from './query.js'

/** Sorted, unless it says otherwise: time buckets in order, then the dearest first. */
export interface BreakdownRequest extends GroupRequest {
  readonly measures: readonly MeasureName[]
}

/** Groups in order, then the others, then the total. */
export interface BreakdownRow extends Figures, GroupKeys {}

export function breakdown(request: BreakdownRequest): Query<BreakdownRow> {
  const sort = sortOf(request)
  const names = allMeasures(request, sort)
  return routed(asksOf(request, names), (grain) => breakdownOver(grain, request, sort, names))
}

function breakdownOver(
  grain: Grain,
  request: BreakdownRequest,
  sort: Sort,
  names: readonly MeasureName[],
): Query<BreakdownRow> {
  const { ctes, params, ds } = placedCalls(request, grain)
  const sql = /* sql */ `
    WITH ${ctes}
    , figures AS (
      ${groupedFigures(names, { from: 'placed_calls', keys: flags(ds), sets: ds.length === 0 ? [] : [[...ds, 'is_others'], []] }, grain)}
    )
    SELECT ${[
      ...labels(request, 'figures'),
      ...names.map((name) => `${figure(name, names, 'figures', 'figures.is_total')} AS ${name}`),
      ...approximateItem(names, grain),
    ].join(', ')}
    FROM figures
    ORDER BY ${['figures.is_total', 'figures.is_others', ...order(request, sort, names)].join(', ')}`
  return { sql, params }
}

function allMeasures({ measures, by }: BreakdownRequest, sort: Sort): readonly MeasureName[] {
  const sorted = by.some(({ key }) => key === sort.by) ? [] : [measureNamed(sort.by)]
  return [...new Set<MeasureName>([...measures, ...sorted])]
}

function order(request: BreakdownRequest, sort: Sort, names: readonly MeasureName[]): string[] {
  const { by, top } = request
  const position = by.findIndex(({ key }) => key === sort.by)
  const main =
    position >= 0
      ? `figures.d${position}`
      : figure(measureNamed(sort.by), names, 'figures', 'figures.is_total')
  const inTime = request.sort === undefined && top === undefined
  const times = by.flatMap(({ kind }, i) => (inTime && kind === 'time' ? [`figures.d${i}`] : []))
  return [...times, `${main} ${direction(sort)}`, ...by.map((_, i) => `figures.d${i} ASC NULLS LAST`)]
}
