/** Accounts of features and users whose costs and bursts are known exactly, and their flags. */
import type { Costs } from '../../src/anomalies/causes.js'
import { groupsOf, piecesOf } from '../../src/anomalies/grouping.js'
import { seriesId, type Flag, type Group, type SeriesKey } from '../../src/anomalies/incidents.js'

/** What makes calls of these features and users cost so many times as much, or so much more, for some hours. */
export interface Burst {
  readonly features: readonly number[]
  readonly users: readonly number[]
  readonly from: number
  readonly length: number
  readonly times: number
  /** USD an hour, on top. */
  readonly extra: number
}

export interface World {
  readonly features: number
  readonly users: number
  /** USD an hour that each user normally spends in each feature. */
  readonly each: number
  readonly bursts: readonly Burst[]
}

export const hours = 24 * 6
/** Hours of history, in which nothing is flagged. */
export const begin = 48

const cells = ({ features, users }: World): [number, number][] =>
  Array.from({ length: features * users }, (_, i) => [Math.floor(i / users), i % users])

const holds = ({ family, value }: SeriesKey, feature: number, user: number): boolean =>
  family === 0 || (family === 1 ? value === `f${feature}` : value === `u${user}`)

const round = (usd: number): number => Math.round(usd * 1e9) / 1e9

/** USD of one user in one feature, hour by hour. */
function spent({ each, bursts }: World, feature: number, user: number): number[] {
  const own = bursts.filter(({ features, users }) => features.includes(feature) && users.includes(user))
  return Array.from({ length: hours }, (_, hour) => {
    const now = own.filter(({ from, length }) => hour >= from && hour < from + length)
    return now.reduce((usd, { times }) => usd * times, each) + now.reduce((sum, { extra }) => sum + extra, 0)
  })
}

export function costsOfWorld(world: World): Costs {
  const all = cells(world).map(([feature, user]) => ({ feature, user, usd: spent(world, feature, user) }))
  const known = new Map<string, { cost: number; norm: number }[]>()
  /** Of the hours before each hour, so that any window is a difference. */
  const before = (series: readonly SeriesKey[]): { cost: number; norm: number }[] => {
    const id = series.map(seriesId).join()
    const found = known.get(id)
    if (found !== undefined) return found
    const own = all.filter(({ feature, user }) => series.every((one) => holds(one, feature, user)))
    const sums = [{ cost: 0, norm: 0 }]
    for (let hour = 0; hour < hours; hour++) {
      const last = sums[hour]!
      const cost = own.reduce((sum, { usd }) => sum + usd[hour]!, last.cost)
      sums.push({ cost, norm: last.norm + own.length * world.each })
    }
    known.set(id, sums)
    return sums
  }
  const sum = (series: readonly SeriesKey[], since: number, until: number) => {
    const sums = before(series)
    const at = (hour: number) => sums[Math.min(Math.max(hour, 0), hours)]!
    return {
      cost: round(at(until).cost - at(since).cost),
      norm: round(at(until).norm - at(since).norm),
    }
  }
  return {
    of: (series, since, until) => sum([series], since, until),
    shared: (a, b, since, until) => sum([a, b], since, until),
  }
}

export const seriesOfWorld = ({ features, users }: World): SeriesKey[] => [
  { family: 0, value: '' },
  ...Array.from({ length: features }, (_, i) => ({ family: 1, value: `f${i}` })),
  ...Array.from({ length: users }, (_, i) => ({ family: 2, value: `u${i}` })),
]

/** Hours that cost more than twice the norm, and days above 1.7 times theirs. */
export function flagsOfWorld(world: World, costs: Costs): Flag[] {
  return seriesOfWorld(world).flatMap((series) =>
    Array.from({ length: hours - begin }, (_, i) => begin + i).flatMap((hour) => {
      const flag = (kind: 'spike' | 'sustained', spanHours: number): Flag => {
        const { cost, norm } = costs.of(series, hour - spanHours + 1, hour + 1)
        return {
          ...series,
          kind,
          hour,
          at: hour * 3_600_000,
          spanHours,
          costUsd: cost,
          normUsd: norm,
          strength: 1.5,
          historyHours: 24 * Math.floor(hour / 24),
        }
      }
      const [one, day] = [flag('spike', 1), flag('sustained', 24)]
      const spikes = one.costUsd > 2 * one.normUsd && one.costUsd - one.normUsd > 0.5
      const lasts = day.costUsd > 1.7 * day.normUsd && one.costUsd > one.normUsd
      return [...(spikes ? [one] : []), ...(lasts ? [day] : [])]
    }),
  )
}

export const groupsOfWorld = (flags: readonly Flag[], costs: Costs): Group[] =>
  groupsOf(piecesOf(flags), costs)
