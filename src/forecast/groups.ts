/** Forecasts of groups of calls, and of all of them, from rows of daily costs. */
import { plain, readDecimal, sum } from '../domain/costs/decimal.js'
import { addDays, type DailyCost, type DayRange } from './days.js'
import { forecastCost, type Forecast } from './forecast.js'
import { dailySeries, type Now } from './series.js'

/** A day of a group, as the metric of daily costs answers it. */
interface GroupDay {
  readonly day: string
  readonly is_total: boolean
  readonly is_others: boolean
  readonly cost_usd: string | null
  readonly cost_by_now_usd: string | null
  readonly calls: number | bigint
  readonly unpriced_calls: number | bigint
  readonly partly_priced_calls: number | bigint
  readonly [dimension: `d${number}`]: string | number | boolean | null
}

export interface ForecastFrame {
  readonly now: Now
  /** The days to forecast, and those that are compared with. */
  readonly period: DayRange
  readonly before: DayRange
  /** First day that the rows are of. */
  readonly since: string
  /** First day to learn from. */
  readonly learnSince: string
  /** Number of dimensions. */
  readonly keys: number
}

export interface GroupForecast {
  /** Values of the dimensions; none of the others and of the total. */
  readonly keys: readonly (string | number | boolean | null)[]
  readonly isOthers: boolean
  readonly isTotal: boolean
  /** Every day that was read. */
  readonly series: readonly DailyCost[]
  /** null where there is nothing to go by: no priced call. */
  readonly forecast: Forecast | null
  /** Exact cost of the period up to now, and of the whole period before; null where no call of it is priced. */
  readonly soFarUsd: string | null
  readonly beforeUsd: string | null
  readonly calls: bigint
  readonly unpricedCalls: bigint
  readonly partlyPricedCalls: bigint
}

/** In the order of the rows: groups, the others, the total, which is there even without a row. */
export function forecastGroups(rows: readonly GroupDay[], frame: ForecastFrame): GroupForecast[] {
  const groups = new Map<string, GroupDay[]>()
  for (const row of rows) {
    const key = JSON.stringify([row.is_total, row.is_others, ...keysOf(row, frame.keys)])
    const members = groups.get(key) ?? []
    groups.set(key, members)
    members.push(row)
  }
  const forecasts = [...groups.values()].map((members) => forecastGroup(members, frame))
  return forecasts.some(({ isTotal }) => isTotal) ? forecasts : [...forecasts, forecastGroup([], frame)]
}

const keysOf = (row: GroupDay, keys: number): GroupForecast['keys'] =>
  Array.from({ length: keys }, (_, i) => row[`d${i}`] ?? null)

function forecastGroup(rows: readonly GroupDay[], frame: ForecastFrame): GroupForecast {
  const { now, period, before, since, learnSince } = frame
  const [row] = rows
  const plainGroup = row !== undefined && !row.is_total && !row.is_others
  const series = dailySeries(rows, since, now)
  const count = (of: 'calls' | 'unpriced_calls' | 'partly_priced_calls'): bigint =>
    rows.reduce((total, one) => total + BigInt(one[of]), 0n)
  return {
    keys: plainGroup ? keysOf(row, frame.keys) : [],
    isOthers: row?.is_others ?? false,
    isTotal: row?.is_total ?? true,
    series,
    forecast: forecastCost(series, period, learnSince),
    soFarUsd: exactCost(rows, { since: period.since, until: addDays(now.day, 1) }),
    beforeUsd: exactCost(rows, before),
    calls: count('calls'),
    unpricedCalls: count('unpriced_calls'),
    partlyPricedCalls: count('partly_priced_calls'),
  }
}

/** Without calls it is 0, with calls that all lack a price it is not known. */
function exactCost(rows: readonly GroupDay[], range: DayRange): string | null {
  const within = rows.filter(({ day }) => day >= range.since && day < range.until)
  const priced = within.flatMap(({ cost_usd: cost }) => (cost === null ? [] : [cost]))
  if (within.length > 0 && priced.length === 0) return null
  return plain(sum(priced.map((cost) => readDecimal(cost) ?? { digits: 0n, places: 0 })))
}
