/** What an incident came to, in each series that it names, beside what the same hours normally cost. */
import { picos, sumPicos, type Picos } from '../domain/costs/amount.js'
import type { MeasuredDay, NormHourRow } from '../metrics/anomalies/surprise-hours.js'
import { isDrift, isDrop, isOfSums, seriesId, type Flag, type Group, type SeriesKey } from './incidents.js'

export interface SeriesFigures extends SeriesKey {
  readonly cost: Picos
  readonly norm: Picos
  readonly excess: Picos
}

/** Local hours that figures are of, [since, until), and the history beside which they stand. */
export interface Measured {
  readonly since: number
  readonly until: number
  readonly pastSince: number
  readonly pastUntil: number
}

const weekHours = 168

/** The hours that were flagged, from the first to the last; what no single hour shows is seen over 3 or 24 hours at a time. */
function flaggedHours(group: Group): { since: number; until: number } {
  const hours = group.flags.filter(({ kind }) => isDrift(group) || kind !== 'drift')
  const first = Math.min(
    ...hours.map(({ hour, spanHours }) => (isOfSums(group) ? hour - spanHours + 1 : hour)),
  )
  return { since: first, until: Math.max(...hours.map(({ hour }) => hour)) + 1 }
}

/** The days whose hours must be asked for; none for a drift, whose flags carry the weeks' cost. */
export function daysToMeasure(groups: readonly Group[]): MeasuredDay[] {
  return groups
    .filter((group) => !isDrift(group))
    .flatMap((group) => {
      const { since, until } = flaggedHours(group)
      const days = range(Math.floor(since / 24), Math.floor((until - 1) / 24) + 1)
      return seriesOf(group.flags).flatMap((series) => {
        const own = group.flags.filter((flag) => seriesId(flag) === seriesId(series))
        const base = Math.floor(Math.min(...own.map(({ hour }) => hour)) / 24)
        return days.map((day) => ({ family: series.family, value: series.value, day, base }))
      })
    })
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

function seriesOf(flags: readonly Flag[]): Flag[] {
  return [...new Map(flags.map((flag) => [seriesId(flag), flag])).values()]
}

/** Figures of each series of a group, by rows of `daysToMeasure`. */
export function figuresOf(group: Group, rows: readonly NormHourRow[]): SeriesFigures[] {
  if (isDrift(group)) return seriesOf(group.flags).map((series) => driftFigures(group, series))
  const { since, until } = flaggedHours(group)
  return seriesOf(group.flags).map(({ family, value }) => {
    const own = rows.filter(
      (row) =>
        row.family === family && row.value === value && Number(row.hour) >= since && Number(row.hour) < until,
    )
    const cost = sumPicos(own.map((row) => row.exact_usd))
    const norm = sumPicos(own.map((row) => row.norm_usd))
    return { family, value, cost, norm, excess: cost - norm }
  })
}

/** A drift's figures are the last flagged week's and those of the week three weeks before. */
function driftFigures({ flags }: Group, { family, value }: SeriesKey): SeriesFigures {
  const last = flags.findLast((flag) => flag.family === family && flag.value === value)
  const [cost, norm] = [picos(last?.costUsd ?? 0), picos(last?.normUsd ?? 0)]
  return { family, value, cost, norm, excess: cost - norm }
}

/** Series that explain this share of the largest excess may lead. */
const leading = 0.8

/**
 * The series that an incident is told by: of those that explain nearly all of the excess, the one with the
 * lowest norm, since it says most closely where to look; for a fall, the one that lost most.
 */
export function leadOf(group: Group, figures: readonly SeriesFigures[]): SeriesFigures {
  const sign = isDrop(group) ? -1 : 1
  const size = ({ excess }: SeriesFigures): number => sign * Number(excess)
  const most = Math.max(...figures.map(size))
  // Below 0 where hours were flagged by a norm lower than the one of the figures: the largest leads.
  const least = Math.min(most, leading * most)
  const order = figures
    .filter((one) => size(one) >= least)
    .toSorted((a, b) =>
      sign < 0 ? size(b) - size(a) : a.norm === b.norm ? b.family - a.family : a.norm < b.norm ? -1 : 1,
    )
  const lead = order[0]
  if (lead === undefined) throw new Error('an incident without a series')
  return lead
}

/** The hours of the figures, and those of the history with which they are compared. */
export function measuredHours(group: Group, lead: SeriesKey, historyDays: number): Measured {
  const flagged = flaggedHours(group)
  if (isDrift(group)) {
    const since = flagged.until - weekHours
    return {
      since,
      until: flagged.until,
      pastSince: since - 3 * weekHours,
      pastUntil: since - 2 * weekHours,
    }
  }
  const first = group.flags.find(({ family, value }) => family === lead.family && value === lead.value)
  const pastUntil = Math.floor(flagged.since / 24) * 24
  const known = first === undefined ? 0 : first.historyHours - (Math.floor(first.hour / 24) * 24 - pastUntil)
  return { ...flagged, pastSince: pastUntil - Math.max(24, Math.min(known, historyDays * 24)), pastUntil }
}
