/**
 * Measures as the two halves of a statement: aggregates over calls, then figures over those aggregates.
 */
import type { Whole, Decimal } from './query.js'
import { partOfCalls, type PartSql } from '../rollups/parts.js'
import { addsUp, measureOf, measures, type MeasureName } from './measures/registry.js'
import { quantities } from './measures/quantities.js'
import { element, quantile, quantiles } from './dialect.js'

/** Figures of one group of calls by measure. */
export type Figures = { readonly [M in MeasureName]?: Whole | Decimal | null }

/** The quantiles asked of each column, so that one sort serves them all. */
function quantileLists(names: readonly MeasureName[]): Map<string, number[]> {
  const lists = new Map<string, number[]>()
  for (const name of names) {
    const measure = measureOf(name)
    if (!('of' in measure)) continue
    const list = lists.get(measure.of) ?? []
    if (!list.includes(measure.at)) lists.set(measure.of, [...list, measure.at])
  }
  return lists
}

const quantityOf = (name: string): string => quantities[name] ?? name

/** A part's column never has the name of a measure. */
const partName = (part: string): string => `part_${part}`

/** The aggregate of a measure that is one; undefined of quantiles and shares. */
export function aggregateOf(name: MeasureName, part: PartSql = partOfCalls): string | undefined {
  const measure = measureOf(name)
  if ('sql' in measure) return measure.sql(part)
  return 'ofCalls' in measure ? measure.ofCalls : undefined
}

/** Whether a measure is made of additive parts, so that cells of the cubes tell it as calls do. */
export function isAdditive(name: MeasureName): boolean {
  const measure = measureOf(name)
  return 'sql' in measure || 'shareOf' in measure
}

/**
 * Select items that aggregate `calls` into one row a group.
 * @param part how parts are read; other than calls have nothing but parts
 */
export function aggregates(names: readonly MeasureName[], part: PartSql = partOfCalls): string[] {
  return [
    ...[...plainAggregates(names, part)].map(([name, sql]) => `${sql} AS ${name}`),
    ...[...quantileLists(names)].map(([of, at]) => `${quantiles(quantityOf(of), at)} AS ${of}_quantiles`),
  ]
}

/** The same from rows that are aggregated already, into wider groups; undefined where that takes the calls. */
export function sumsOfAggregates(names: readonly MeasureName[]): string[] | undefined {
  if (!names.every((name) => addsUp(name) || 'shareOf' in measureOf(name))) return undefined
  return [...plainAggregates(names, partOfCalls).keys()].map((name) => {
    // A count of nothing is 0, a sum of nothing NULL.
    const sum = `sum(${name})`
    const { is, nullable } = measureOf(name as MeasureName)
    return `${is === 'count' && nullable !== true ? `CAST(coalesce(${sum}, 0) AS BIGINT)` : sum} AS ${name}`
  })
}

/** Aggregates other than quantiles, by name. */
function plainAggregates(names: readonly MeasureName[], part: PartSql): ReadonlyMap<string, string> {
  const plain = new Map<string, string>()
  for (const name of names) {
    const measure = measureOf(name)
    const aggregate = aggregateOf(name, part)
    if (aggregate !== undefined) plain.set(name, aggregate)
    if ('parts' in measure)
      for (const [beside, sql] of Object.entries(measure.parts ?? {})) plain.set(partName(beside), sql)
    // A share needs its total, whether or not that is shown.
    if ('shareOf' in measure) plain.set(measure.shareOf, measures[measure.shareOf].sql(part))
  }
  return plain
}

/**
 * A measure as an expression over the aggregated rows of `table`.
 * @param names all measures of the statement
 * @param isTotal expression that is true on the row of the total; without one a share is of the row itself
 * @param among what the rows that share one total have in common: `PARTITION BY …`
 */
export function figure(
  name: MeasureName,
  names: readonly MeasureName[],
  table: string,
  isTotal = 'TRUE',
  among = '',
): string {
  const measure = measureOf(name)
  if ('sql' in measure || 'ofCalls' in measure) return `${table}.${name}`
  if ('of' in measure) {
    const at = quantileLists(names).get(measure.of) ?? []
    const found = element(`${table}.${measure.of}_quantiles`, at.indexOf(measure.at))
    if (measure.figure !== undefined) return measure.figure(found, (beside) => `${table}.${partName(beside)}`)
    return measure.of === 'cost_usd' ? `CAST(${found} AS DECIMAL(18, 12))` : found
  }
  const part = `CAST(${table}.${measure.shareOf} AS DOUBLE)`
  return `${part} / nullif(max(CASE WHEN ${isTotal} THEN ${part} END) OVER (${among}), 0)`
}

/** A measure as one aggregate, for ranking groups; a share ranks as what it is a share of. */
export function rankAggregate(name: MeasureName, part: PartSql = partOfCalls): string {
  const measure = measureOf(name)
  if ('sql' in measure) return measure.sql(part)
  if ('ofCalls' in measure) return measure.ofCalls
  if ('shareOf' in measure) return measures[measure.shareOf].sql(part)
  const { of, at, parts = {}, figure: derived } = measure
  const found = quantile(quantityOf(of), at)
  return derived === undefined ? found : derived(found, (beside) => `(${parts[beside]})`)
}
