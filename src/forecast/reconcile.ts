/**
 * Forecasts of groups that add up to the forecast of all calls.
 *
 * The total is forecast on its own: its days are calmer than those of any group. What the groups' days to come
 * lack of it, or have too much, is shared out by how far off each may be: by its distance from the mean to the
 * end of its interval on that side (after Wickramasuriya et al., 2019, "Optimal Forecast Reconciliation", with
 * errors that know nothing of each other). So a group that is well known hardly moves.
 */
import type { Forecast } from './forecast.js'
import type { GroupForecast } from './groups.js'

/**
 * @param all groups that part the calls, and their total, in any order
 * @returns the same, where the groups' expected costs add up to the total's. A group without a forecast
 *   counts with what it has cost so far. Unchanged where there is no total, or no group with days to come.
 */
export function reconciled(all: readonly GroupForecast[]): readonly GroupForecast[] {
  const total = all.find(({ isTotal }) => isTotal)?.forecast ?? null
  const parts = all.flatMap(({ isTotal, forecast }) => (isTotal || forecast === null ? [] : [forecast]))
  if (total === null) return all
  const shares = sharesOf(total.mean - total.soFar, parts)
  if (shares === null) return all
  const factors = new Map(parts.map((part, i) => [part, shares[i]!]))
  return all.map((group) => {
    const factor = group.forecast === null ? undefined : factors.get(group.forecast)
    return factor === undefined ? group : { ...group, forecast: scaled(group.forecast!, factor) }
  })
}

const restOf = ({ mean, soFar }: Forecast): number => mean - soFar

/** What the days to come of each group are to be multiplied by; null where nothing is to come of any. */
function sharesOf(rest: number, parts: readonly Forecast[]): number[] | null {
  const sum = (value: (part: Forecast) => number): number => parts.reduce((all, part) => all + value(part), 0)
  const rests = sum(restOf)
  if (rests <= 0) return null
  const lacking = rest - rests
  const reach = (part: Forecast): number => (lacking > 0 ? part.high - part.mean : part.mean - part.low)
  const reaches = sum((part) => (restOf(part) > 0 ? reach(part) : 0))
  // Beyond all intervals the groups' own forecasts say little: one factor for all.
  if (Math.abs(lacking) > reaches) return parts.map(() => rest / rests)
  return parts.map((part) => {
    const own = restOf(part)
    return own > 0 && reaches > 0 ? (own + (lacking * reach(part)) / reaches) / own : 1
  })
}

/** The same path with its days to come times a factor, interval and all. */
function scaled(forecast: Forecast, factor: number): Forecast {
  const { soFar } = forecast
  const moved = (usd: number): number => soFar + (usd - soFar) * factor
  let before = 0
  const daily = forecast.daily.map((day) => {
    if (day.known) {
      before = day.mean
      return day
    }
    const mean = moved(day.mean)
    const cost = Math.max(0, mean - before)
    before = mean
    return { ...day, cost, mean, low: moved(day.low), high: moved(day.high) }
  })
  const [mean, low, high] = [forecast.mean, forecast.low, forecast.high].map(moved)
  return { ...forecast, daily, mean: mean!, low: low!, high: high! }
}
