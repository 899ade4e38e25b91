/**
 * Measures as the two halves of a statement: aggregates over calls, then figures over those aggregates.
 */
import type { Whole, Decimal } from './query.js'
import { partOfCalls, type PartSql } from '../rollups/parts.js'
import { isSketched, type Grain } from '../rollups/router.js'
import { addsUp, measureOf, measures, type MeasureName } from './measures/registry.js'
import { quantities } from './measures/quantities.js'
import { element, quantile, quantiles } from './dialect.js'

/** Figures of one group of calls by measure. */
export type Figures = { readonly [M in MeasureName]?: Whole | Decimal | null } & {
  /** Those that were read from sketches, within half a percent; absent where none was. */
  readonly approximate?: readonly MeasureName[]
}

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

/** Whether a measure is a quantile that sketches tell, or made of one. */
export function isOfSketches(name: MeasureName): boolean {
  const measure = measureOf(name)
  return 'of' in measure && isSketched(measure.of)
}

/** What a quantile is asked of. */
export function quantityNamed(name: MeasureName): string {
  const measure = measureOf(name)
  return 'of' in measure ? measure.of : name
}

/** Whether a measure is made of additive parts, so that cells of the cubes tell it as calls do. */
export function isAdditive(name: MeasureName): boolean {
  const measure = measureOf(name)
  return 'sql' in measure || 'shareOf' in measure
}

/**
 * Select items that aggregate `calls` into one row a group.
 * @param part how parts are read; other than calls have nothing but parts
 * @param sketched quantiles that sketches tell come from elsewhere
 */
export function aggregates(
  names: readonly MeasureName[],
  part: PartSql = partOfCalls,
  sketched = false,
): string[] {
  const lists = [...quantileLists(names)].filter(([of]) => !(sketched && isSketched(of)))
  return [
    ...[...plainAggregates(names, part)].map(([name, sql]) => `${sql} AS ${name}`),
    ...lists.map(([of, at]) => `${quantiles(quantityOf(of), at)} AS ${of}_quantiles`),
  ]
}

/** Groups of rows. */
interface Grouping {
  /** FROM item. */
  readonly from: string
  /** Select items of the keys: a name, or SQL AS a name. */
  readonly keys: readonly string[]
  /** What to group by: sets of names; none: all rows are one group, which is there without any. */
  readonly sets: readonly (readonly string[])[]
}

/** A query of groups: their keys, and what figures of them are made of. */
export function groupedFigures(
  names: readonly MeasureName[],
  { from, keys, sets }: Grouping,
  { part, sketches }: Grain,
): string {
  const groupBy =
    sets.length === 0 ? '' : `GROUP BY GROUPING SETS (${sets.map((set) => `(${set.join(', ')})`).join(', ')})`
  const items = [...keys, ...aggregates(names, part, sketches !== undefined)].join(', ')
  const lists = new Map([...quantileLists(names)].filter(([of]) => isSketched(of)))
  if (sketches === undefined || lists.size === 0)
    return `SELECT ${items} FROM ${from} ${sketches === undefined ? '' : `WHERE ${sketches.isOther}`} ${groupBy}`
  const named = keys.map((item) => {
    const [sql = '', name = sql] = item.split(' AS ')
    return { name, sql }
  })
  const same = named.map(({ name }) => `others.${name} IS NOT DISTINCT FROM sketched.${name}`)
  const found = sketches.quantiles({ from, keys: named, sets: sets.length === 0 ? [[]] : sets, lists })
  return /* sql */ `SELECT others.*, ${[...lists.keys()].map((of) => `sketched.${of}_quantiles`).join(', ')}
    FROM (SELECT ${items} FROM ${from} WHERE ${sketches.isOther} ${groupBy}) AS others
    LEFT JOIN (${found}) AS sketched ON ${same.join(' AND ')}`
}

/** Select item that says which figures are read from sketches; none where none is. */
export function approximateItem(names: readonly MeasureName[], { sketches }: Grain): string[] {
  const told = sketches === undefined ? [] : names.filter(isOfSketches)
  return told.length === 0 ? [] : [`[${told.map((name) => `'${name}'`).join(', ')}] AS approximate`]
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
      for (const [beside, sql] of Object.entries(measure.parts ?? {})) plain.set(partName(beside), sql(part))
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

/** A measure as one aggregate of calls or cells, for ranking groups; a share ranks as what it is a share of. */
export function rankAggregate(name: MeasureName, part: PartSql = partOfCalls): string {
  const measure = measureOf(name)
  if ('sql' in measure) return measure.sql(part)
  if ('ofCalls' in measure) return measure.ofCalls
  if ('shareOf' in measure) return measures[measure.shareOf].sql(part)
  const { of, at, parts = {}, figure: derived } = measure
  const found = quantile(quantityOf(of), at)
  return derived === undefined ? found : derived(found, (beside) => `(${parts[beside]!(part)})`)
}
