/**
 * Measures as the two halves of a statement: aggregates over calls, then figures over those aggregates.
 */
import type { Whole, Decimal } from './query.js'
import { foldedPart, partOfCalls, type PartSql } from '../rollups/parts.js'
import { isSketched, type Grain } from '../rollups/router.js'
import { measureOf, measures, type MeasureName } from './measures/registry.js'
import { quantities, wholeQuantities } from './measures/quantities.js'
import { element, quantile, quantiles, wholeQuantiles } from './dialect.js'

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
export function aggregateOf(name: MeasureName): string | undefined {
  const measure = measureOf(name)
  if ('sql' in measure) return measure.sql(partOfCalls)
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
 */
export const aggregates = (names: readonly MeasureName[], part: PartSql = partOfCalls): string[] => [
  ...itemsOf(addedAggregates(names, part)),
  ...ofCalls(names),
]

const itemsOf = (aggregatesByName: ReadonlyMap<string, string>): string[] =>
  [...aggregatesByName].map(([name, sql]) => `${sql} AS ${name}`)

/** Select items that take the calls themselves. @param told quantities whose quantiles come from elsewhere */
const ofCalls = (names: readonly MeasureName[], told?: ReadonlyMap<string, unknown>): string[] => [
  ...names.flatMap((name) => {
    const measure = measureOf(name)
    return 'ofCalls' in measure ? [`${measure.ofCalls} AS ${name}`] : []
  }),
  ...itemsOf(plainAggregates(names.filter(takesCalls), partOfCalls)),
  ...[...quantileLists(names)]
    .filter(([of]) => told?.has(of) !== true)
    .map(
      ([of, at]) =>
        `${(wholeQuantities.has(of) ? wholeQuantiles : quantiles)(quantityOf(of), at)} AS ${of}_quantiles`,
    ),
]

/** Whether what a measure is made of is no sum of parts; of quantiles, what stands beside them. */
function takesCalls(name: MeasureName): boolean {
  const measure = measureOf(name)
  return 'ofCalls' in measure || ('of' in measure && !isSketched(measure.of))
}

/** The aggregates of parts that figures are made of, by name. */
const addedAggregates = (names: readonly MeasureName[], part: PartSql): ReadonlyMap<string, string> =>
  plainAggregates(
    names.filter((name) => !takesCalls(name)),
    part,
  )

/** Groups of rows. */
interface Grouping {
  /** FROM item. */
  readonly from: string
  /** Select items of the keys: a name, or SQL AS a name. */
  readonly keys: readonly string[]
  /** What to group by: sets of names; none: all rows are one group, which is there without any. */
  readonly sets: readonly (readonly string[])[]
}

/** So many parts added up for each set of groups take as long as reading the calls once more. */
const partsOfAReading = 32

/**
 * A query of groups: their keys, and what figures of them are made of. Of several sets the first is the narrowest:
 * parts are added up over the calls for that set alone, and for the others from its groups; where quantiles would
 * take the calls once more for it, only if there are many parts.
 */
export function groupedFigures(names: readonly MeasureName[], groups: Grouping, grain: Grain): string {
  const { from, keys, sets } = groups
  const { part, sketches } = grain
  const rows = sketches === undefined ? from : `${from} WHERE ${sketches.isOther}`
  const lists = [...quantileLists(names)]
  const sketched = new Map(lists.filter(([of]) => sketches !== undefined && isSketched(of)))
  const taken = ofCalls(names, sketched)
  const items = (of: readonly string[]): string =>
    `SELECT ${[...keys, ...of].join(', ')} FROM ${rows} ${groupingSets(sets)}`
  const { sql: folded, parts } = foldedGroups(names, { ...groups, from: rows }, part)
  const queries =
    sets.length < 2 || parts < (taken.length === 0 ? 1 : partsOfAReading)
      ? [items([...itemsOf(addedAggregates(names, part)), ...taken])]
      : [folded, ...(taken.length === 0 ? [] : [items(taken)])]
  const named = keys.map((item) => {
    const [sql = '', name = sql] = item.split(' AS ')
    return { name, sql }
  })
  if (sketches !== undefined && sketched.size > 0)
    queries.push(
      sketches.quantiles({ from, keys: named, sets: sets.length === 0 ? [[]] : sets, lists: sketched }),
    )
  return besideEachOther(
    queries,
    named.map(({ name }) => name),
  )
}

/** Rows of queries of the same groups as one. */
function besideEachOther([first = '', ...others]: readonly string[], keys: readonly string[]): string {
  if (others.length === 0) return first
  const joined = others.map((query, i) => {
    const same = keys.map((name) => `first.${name} IS NOT DISTINCT FROM other_${i}.${name}`)
    return `LEFT JOIN (${query}) AS other_${i} ON ${same.join(' AND ')}`
  })
  const beside = others.map((_, i) => `other_${i}.* EXCLUDE (${keys.join(', ')})`)
  return `SELECT ${['first.*', ...beside].join(', ')} FROM (${first}) AS first ${joined.join(' ')}`
}

const groupingSets = (sets: Grouping['sets']): string =>
  sets.length === 0 ? '' : `GROUP BY GROUPING SETS (${sets.map((set) => `(${set.join(', ')})`).join(', ')})`

/** What is made of parts, these as columns of the narrowest groups; and how many they are. */
function foldedGroups(
  names: readonly MeasureName[],
  { from, keys, sets: [narrowest = [], ...wider] }: Grouping,
  part: PartSql,
): { readonly sql: string; readonly parts: number } {
  const columns = new Map<string, string>()
  const folded = addedAggregates(names, (name, of, where) => {
    const sql = part(name, of, where)
    const column = columns.get(sql) ?? `added_${columns.size}`
    columns.set(sql, column)
    return foldedPart(name, column)
  })
  const added = [...columns].map(([sql, column]) => `${sql} AS ${column}`)
  const sql = /* sql */ `SELECT ${[...keys, ...itemsOf(folded)].join(', ')}
    FROM (SELECT ${[...narrowest, ...added].join(', ')} FROM ${from} GROUP BY ${narrowest.join(', ')}) AS narrowest
    ${groupingSets([narrowest, ...wider])}`
  return { sql, parts: columns.size }
}

/** Select item that says which figures are read from sketches; none where none is. */
export function approximateItem(names: readonly MeasureName[], { sketches }: Grain): string[] {
  const told = sketches === undefined ? [] : names.filter(isOfSketches)
  return told.length === 0 ? [] : [`[${told.map((name) => `'${name}'`).join(', ')}] AS approximate`]
}

/** Aggregates other than quantiles, by name. */
function plainAggregates(names: readonly MeasureName[], part: PartSql): ReadonlyMap<string, string> {
  const plain = new Map<string, string>()
  for (const name of names) {
    const measure = measureOf(name)
    if ('sql' in measure) plain.set(name, measure.sql(part))
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
    return measure.of === 'cost_usd' ? `CAST(${found} AS DECIMAL(38, 12))` : found
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
