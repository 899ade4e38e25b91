/**
 * The router: whether a question is answered from the cubes or from the calls. It is, where each of its measures,
 * filters, groups and buckets can be; the answer is the same to the last digit either way.
 */
import { filterDimension, type Dimension, type TimeBucket } from '../domain/dimensions.js'
import type { Filter, Scope } from '../domain/scope.js'
import { isUtc, offsetStretches } from '../domain/time/zones.js'
import { timestampText } from '../domain/words/quoting.js'
import { daysElsewhere, sameDay, toldDays } from './days-elsewhere.js'
import { isLabel, labels, type Label } from './labels.js'
import { cellColumn, partOfCalls, partOfCells, partOfOne, type PartName, type PartSql } from './parts.js'
import {
  columnsOfDays,
  cutDays,
  sketchGrain,
  sketchLabelOf,
  withSketches,
  type SketchGrain,
} from './sketch-router.js'
import { hasUserPart, partOfUserDays, userPartColumns, userPartsOfOne } from './user-days.js'
import { isSketched, type SketchLabel } from './sketches.js'

const quarterHourMs = 900_000

export { isSketched }

/** What a statement asks, as far as it decides where it may be asked. */
export interface Asks {
  readonly scope: Scope
  readonly by?: readonly Dimension[]
  /** Labels of calls that the statement names itself, beside those of conditions. */
  readonly names?: readonly Label[]
  /** Moments other than the ends of the scope, ISO 8601 UTC, that it compares times with. */
  readonly instants?: readonly (string | null)[]
  /** Filters beside those of the scope. */
  readonly filters?: readonly Filter[]
  /** A time of the day on the clock, with which it compares that of calls. */
  readonly clock?: Clock
  /** It cuts time into buckets of the scope's zone. */
  readonly buckets?: boolean
  /** All of its figures are made of parts, but for quantiles that sketches tell. */
  readonly additive: boolean
  /** It counts users beside what is made of parts. */
  readonly users?: boolean
  /** The buckets that it cuts time into, beside those among its dimensions. */
  readonly every?: TimeBucket | undefined
  /** What it asks of sketches, where it asks for quantiles that they tell. */
  readonly quantiles?: AskedQuantiles | undefined
}

export interface AskedQuantiles {
  /** The quantities that quantiles are asked of. */
  readonly of: readonly string[]
  /** The scope as a condition. */
  readonly within: Statement
}

export interface Clock {
  /** SQL: microseconds since midnight of a call. */
  readonly of: string
  /** Milliseconds since midnight. */
  readonly ms: number
}

/** What a statement reads: calls, or cells in their place. */
export interface Grain {
  /** FROM item, with the columns `ts`, the labels, and what `part` reads. */
  readonly from: string
  readonly part: PartSql
  /** Present where it has rows of sketches, too. */
  readonly sketches?: SketchGrain
}

/** The calls themselves. */
export const overCalls: Grain = { from: 'calls', part: partOfCalls }

interface Statement {
  readonly sql: string
  readonly params: Record<string, string | number | boolean | null>
}

export interface CubeStatement extends Statement {
  /** Labels that the cube must have. */
  readonly labels: readonly Label[]
}

/** The statements of a question whose quantiles are read from sketches. */
export interface SketchStatements {
  readonly label: SketchLabel | 'total'
  /** How many calls there are in scope, and whether sketches have all of them. */
  readonly extent: CubeStatement
  /** All other figures from cells; absent where these cannot tell them. */
  readonly overCells?: CubeStatement
  readonly overCalls: Statement
}

interface Routes {
  readonly fromCubes?: CubeStatement
  /** Over the sums by day and user. */
  readonly fromUsers?: Statement
  readonly fromSketches?: SketchStatements
}

/**
 * A statement over calls, with the one over the cubes that answers the same, where there is one, and those that read
 * its quantiles from sketches.
 * @param write the statement over what it reads; it may be called several times */
export function routed<S extends Statement>(asks: Asks, write: (grain: Grain) => S): S & Routes {
  const asked = write(overCalls)
  const needed = labelsNeeded(asks)
  if (asks.quantiles !== undefined) {
    const fromSketches = overSketches(asks, asks.quantiles, needed, write)
    return fromSketches === undefined ? asked : { ...asked, fromSketches }
  }
  if (needed !== undefined) return { ...asked, fromCubes: overCells(asks, needed, write) }
  const fromUsers = overUsers(asks, write)
  return fromUsers === undefined ? asked : { ...asked, fromUsers }
}

/** Where it asks for users, or all calls, in UTC days or any window, and for parts that are kept of them. */
function overUsers(asks: Asks, write: (grain: Grain) => Statement): Statement | undefined {
  const { scope, by = [], names = [], filters = [], instants = [], clock, buckets, every } = asks
  const columns = columnsOfDays({ scope, by, every })
  if (columns === undefined || [...columns].some((column) => column !== 'user_id')) return undefined
  if (!(asks.additive || asks.users) || names.length > 0 || filters.length > 0 || clock !== undefined)
    return undefined
  if (buckets && every === undefined) return undefined
  let hasAll = true
  const part: PartSql = (name, of, where) => {
    hasAll &&= hasUserPart(name, of, where)
    return partOfUserDays(name, of)
  }
  write({ from: 'calls', part })
  if (!hasAll) return undefined
  const cut = cutDays(momentsOf(scope, instants))
  const kept = ['ts', 'user_id', ...userPartColumns].join(', ')
  const days = `SELECT ${kept} FROM daily_users${cut.others.length === 0 ? '' : ` WHERE ${cut.others.join(' AND ')}`}`
  const ones = `SELECT ${['ts', 'user_id', ...userPartsOfOne].join(', ')} FROM calls WHERE ${cut.within.join(' OR ')}`
  const from = `(${cut.within.length === 0 ? days : `${days} UNION ALL ${ones}`}) AS calls`
  const { sql, params } = write({ from, part })
  return { sql, params: { ...params, ...cut.params } }
}

/** @param sketched adds the rows of sketches to what is read */
function overCells(
  asks: Asks,
  needed: readonly Label[],
  write: (grain: Grain) => Statement,
  sketched?: (from: string) => ReturnType<typeof withSketches>,
): CubeStatement {
  const used = new Set<PartName>()
  const part: PartSql = (name, of, where) => {
    used.add(name)
    return partOfCells(name, of, where)
  }
  const more = sketched && { sketches: sketchGrain }
  write({ from: 'calls', part, ...more })
  const cells = cellsFor(asks, [...used])
  const beside = sketched?.(cells.from)
  const { sql, params } = write({ from: beside?.from ?? cells.from, part, ...more })
  return { sql, params: { ...params, ...cells.params, ...beside?.params }, labels: needed }
}

function overSketches(
  asks: Asks,
  { of, within }: AskedQuantiles,
  needed: readonly Label[] | undefined,
  write: (grain: Grain) => Statement,
): SketchStatements | undefined {
  const { scope, by = [], names = [], filters = [], instants = [], clock, every } = asks
  if (names.length > 0 || filters.length > 0 || clock !== undefined) return undefined
  const label = sketchLabelOf({ scope, by, every })
  if (label === undefined) return undefined
  const sketched = (from: string): ReturnType<typeof withSketches> =>
    withSketches(from, label, of, momentsOf(scope, instants))
  const calls = sketched('calls')
  const { sql, params } = write({ ...overCalls, from: calls.from, sketches: sketchGrain })
  return {
    label,
    extent: extentOf(asks, label, within),
    ...(needed === undefined ? {} : { overCells: overCells(asks, needed, write, sketched) }),
    overCalls: { sql, params: { ...params, ...calls.params } },
  }
}

/** Cells of another owner have sketches of their own, or the calls of their days are in none. */
function extentOf(asks: Asks, label: SketchLabel | 'total', within: Statement): CubeStatement {
  const labelled = label === 'total' ? [] : [label]
  const counted = overCells({ ...asks, quantiles: undefined }, labelled, ({ from, part }) => ({
    sql: `SELECT ${part('rows', 'call')} AS calls,
        EXISTS (FROM hourly_labels AS calls WHERE owner = 'cube' AND ${within.sql}) AS has_sums,
        NOT EXISTS (FROM ${daysElsewhere(within.sql)} AS days
          ANTI JOIN (${toldDays('daily_sketches', `daily_sketches.label = '${label}'`)}) AS told ON ${sameDay('days', 'told')}) AS is_whole
      FROM ${from} WHERE ${within.sql}`,
    params: within.params,
  }))
  return counted
}

/** The labels that answer it; undefined where cubes do not. */
function labelsNeeded(asks: Asks): readonly Label[] | undefined {
  const { scope, by = [], names = [], filters = [], buckets, additive } = asks
  if (!additive) return undefined
  const found = new Set<Label>(names)
  for (const dimension of [
    ...by,
    ...[...scope.filters, ...filters].map((filter) => filterDimension(filter.dimension)),
  ]) {
    const label = labelOf(dimension)
    if (label === undefined) return undefined
    if (label !== 'time') found.add(label)
  }
  const timed = buckets === true || by.some(({ kind }) => kind === 'time')
  return timed && !isByQuarterHours(scope) ? undefined : [...found]
}

function labelOf(dimension: Dimension): Label | 'time' | undefined {
  switch (dimension.kind) {
    case 'time':
      return 'time'
    case 'column':
      return isLabel(dimension.key) ? dimension.key : undefined
    case 'group':
      return labelOf(dimension.of)
    case 'tag':
    case 'either':
    case 'center':
      return undefined
  }
}

/** Whether the clock of the zone is whole quarter-hours from UTC, and changes at one. */
function isByQuarterHours({ since, until, tz }: Scope): boolean {
  if (isUtc(tz)) return true
  const from = since === null ? Date.UTC(2014, 11, 30) : Date.parse(since)
  const to = until === null ? Date.UTC(2100, 0, 3) : Date.parse(until)
  return offsetStretches(from, to, tz).every(
    (stretch, i) => stretch.offsetMinutes % 15 === 0 && (i === 0 || stretch.from % quarterHourMs === 0),
  )
}

/** The moments of a question on both of whose sides calls may lie: what is later than all calls cuts nothing. */
function momentsOf(scope: Scope, instants: readonly (string | null)[]): readonly string[] {
  const end = scope.newest === undefined || scope.newest === null ? Infinity : Date.parse(scope.newest)
  return [scope.since, scope.until, ...instants].filter(
    (iso): iso is string => iso !== null && Date.parse(iso) <= end,
  )
}

const quarterHourOf = (iso: string): number => Math.floor(Date.parse(iso) / quarterHourMs)

/** What lies below a millisecond is lost in a Date, and so is looked for in the text. */
const beginsQuarterHour = (iso: string): boolean =>
  Date.parse(iso) % quarterHourMs === 0 && !/\.\d*[1-9]/.test(iso)

/**
 * Cells of whole quarter-hours; of those in which a moment of the question lies, the calls one by one. So each time
 * that is compared with such a moment is on the right side of it.
 */
function cellsFor(
  { scope, instants = [], clock }: Asks,
  used: readonly PartName[],
): { readonly from: string; readonly params: Readonly<Record<string, string>> } {
  const moments = momentsOf(scope, instants).filter((iso) => !beginsQuarterHour(iso))
  const cut = [...new Set(moments.map(quarterHourOf))]
  const cells = `SELECT ${['ts', ...labels, ...used.map(cellColumn)].join(', ')} FROM hourly_labels`
  const params: Record<string, string> = {}
  const within: string[] = []
  const without: string[] = []
  for (const [i, quarter] of cut.entries()) {
    params[`cut_${i}`] = timestampText(new Date(quarter * quarterHourMs).toISOString())
    params[`cut_end_${i}`] = timestampText(new Date((quarter + 1) * quarterHourMs).toISOString())
    within.push(`(ts >= CAST($cut_${i} AS TIMESTAMP) AND ts < CAST($cut_end_${i} AS TIMESTAMP))`)
    without.push(`ts <> CAST($cut_${i} AS TIMESTAMP)`)
  }
  if (clock !== undefined && clock.ms % quarterHourMs !== 0) {
    params['cut_clock'] = String(Math.floor(clock.ms / quarterHourMs))
    within.push(`${clock.of} // ${quarterHourMs * 1000} = CAST($cut_clock AS BIGINT)`)
    without.push(`${clock.of} // ${quarterHourMs * 1000} <> CAST($cut_clock AS BIGINT)`)
  }
  if (within.length === 0) return { from: `(${cells}) AS calls`, params }
  const ones = `SELECT ${['ts', ...labels, ...used.map(partOfOne)].join(', ')} FROM calls WHERE ${within.join(' OR ')}`
  return { from: `(${cells} WHERE ${without.join(' AND ')} UNION ALL ${ones}) AS calls`, params }
}
