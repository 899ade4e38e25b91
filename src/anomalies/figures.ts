/** What an incident came to, in each series that it names, beside what the same hours normally cost. */
import { picos, sumPicos, type Picos } from '../domain/costs/amount.js'
import type { MeasuredDay, NormHour } from './method/chosen-hours.js'
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

/**
 * The days whose hours must be asked for, one base a series and day; none for a drift, whose flags carry the weeks'
 * cost. @param sets flags that may come to be one incident
 */
export function daysToMeasure(sets: readonly (readonly Flag[])[]): MeasuredDay[] {
  const found = new Map<string, MeasuredDay>()
  for (const flags of sets) {
    const since = Math.min(...flags.map(({ hour, spanHours }) => hour - spanHours + 1))
    const until = Math.max(...flags.map(({ hour }) => hour)) + 1
    for (const { family, value } of seriesOf(flags)) {
      const own = flags.filter((flag) => flag.family === family && flag.value === value)
      const base = Math.floor(Math.min(...own.map(({ hour }) => hour)) / 24)
      for (let day = Math.floor(since / 24); day <= Math.floor((until - 1) / 24); day++) {
        const id = `${day} ${seriesId({ family, value })}`
        const before = found.get(id)
        if (before === undefined || base < before.base) found.set(id, { family, value, day, base })
      }
    }
  }
  return [...found.values()]
}

function seriesOf(flags: readonly Flag[]): Flag[] {
  return [...new Map(flags.map((flag) => [seriesId(flag), flag])).values()]
}

/** Hours of the days of `daysToMeasure`, a list a series. */
export type SeriesHours = ReadonlyMap<string, readonly NormHour[]>

export function hoursBySeries(rows: readonly NormHour[]): SeriesHours {
  const series = new Map<string, NormHour[]>()
  for (const row of rows) {
    const id = seriesId(row)
    const own = series.get(id)
    if (own === undefined) series.set(id, [row])
    else own.push(row)
  }
  return series
}

/**
 * Figures of each series of a group. An hour of a series is one group's alone: where two groups name it at the same
 * time, each has the hours about its own flags.
 */
export function figuresOf(group: Group, groups: readonly Group[], hours: SeriesHours): SeriesFigures[] {
  if (isDrift(group)) return seriesOf(group.flags).map((series) => driftFigures(group, series))
  return seriesOf(group.flags.filter(({ kind }) => kind !== 'drift')).map((series) =>
    figuresIn(series, ownHours(group, groups, series), hours),
  )
}

interface Hours {
  readonly since: number
  readonly until: number
}

function figuresIn({ family, value }: SeriesKey, { since, until }: Hours, hours: SeriesHours): SeriesFigures {
  const own = (hours.get(seriesId({ family, value })) ?? []).filter(
    ({ hour }) => hour >= since && hour < until,
  )
  const cost = sumPicos(own.map((row) => row.exact_usd))
  const norm = sumPicos(own.map((row) => row.norm_usd))
  return { family, value, cost, norm, excess: cost - norm }
}

/** A group's hours without those of a series that another group's flags of it claim. */
function ownHours(
  group: Group,
  groups: readonly Group[],
  series: SeriesKey,
): { since: number; until: number } {
  const id = seriesId(series)
  const flagsOf = (one: Group): readonly Flag[] =>
    one.flags.filter((flag) => flag.kind !== 'drift' && seriesId(flag) === id)
  const own = flagsOf(group).map(({ hour }) => hour)
  const [first, last] = [Math.min(...own), Math.max(...own)]
  const others = groups.filter((one) => one !== group && isDrop(one) === isDrop(group)).flatMap(flagsOf)
  const before = others.filter(({ hour }) => hour < first).map(({ hour }) => hour + 1)
  const after = others.filter(({ hour }) => hour > last).map(({ hour, spanHours }) => hour - spanHours + 1)
  const { since, until } = flaggedHours(group)
  return {
    since: Math.min(Math.max(since, ...before), first),
    until: Math.max(Math.min(until, ...after), last + 1),
  }
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
 * lowest norm, since it says most closely where to look; for a fall, the one that lost most. All calls lead only what
 * nothing narrower explains.
 */
export function leadOf(group: Group, figures: readonly SeriesFigures[]): SeriesFigures {
  const members = figures.filter(({ family }) => family > 0)
  const may = group.isOfAll || members.length === 0 ? figures : members
  const size = ({ excess }: SeriesFigures): number => (isDrop(group) ? -1 : 1) * Number(excess)
  const sized = may.map((one) => ({ one, size: size(one), norm: Number(one.norm) }))
  const [lead] = isDrop(group) ? sized.toSorted((a, b) => b.size - a.size) : closest(sized)
  if (lead === undefined) throw new Error('an incident without a series')
  return lead.one
}

/** Series in the order in which they say most closely where to look. */
export function closest<T extends { readonly one: SeriesKey; readonly size: number; readonly norm: number }>(
  sized: readonly T[],
): T[] {
  const most = Math.max(...sized.map(({ size }) => size))
  // Below 0 where hours were flagged by a norm lower than the one of the figures: the largest leads.
  const least = Math.min(most, leading * most)
  return sized
    .filter(({ size }) => size >= least)
    .toSorted(
      (a, b) => a.norm - b.norm || b.one.family - a.one.family || (a.one.value < b.one.value ? -1 : 1),
    )
}

/** The hours of the figures, and those of the history with which they are compared. */
export function measuredHours(
  group: Group,
  groups: readonly Group[],
  lead: SeriesKey,
  historyDays: number,
): Measured {
  if (isDrift(group)) {
    const { until } = flaggedHours(group)
    const since = until - weekHours
    return {
      since,
      until,
      pastSince: since - 3 * weekHours,
      pastUntil: since - 2 * weekHours,
    }
  }
  const flagged = ownHours(group, groups, lead)
  const first = group.flags.find(({ family, value }) => family === lead.family && value === lead.value)
  const pastUntil = Math.floor(flagged.since / 24) * 24
  const known = first === undefined ? 0 : first.historyHours - (Math.floor(first.hour / 24) * 24 - pastUntil)
  return { ...flagged, pastSince: pastUntil - Math.max(24, Math.min(known, historyDays * 24)), pastUntil }
}
