/** Flags of one series that follow each other: the pieces that incidents are made of. */
import type { SharedSpan } from '../metrics/anomalies/shared-costs.js'
import { seriesId, type Flag, type SeriesKey } from './incidents.js'

/**
 * Flags of one series, each within six hours of the hours of the one before; of all calls, those of one hour: what
 * explains them may be another thing each hour. Local hours.
 */
export interface Episode extends SeriesKey {
  /** Ascending by hour. */
  readonly flags: readonly Flag[]
  /** The first hour that its first flags are of, and the hour of these: since when it is known. */
  readonly begin: number
  readonly first: number
}

/** Flagged hours further apart than this are two incidents. */
export const mergeHours = 6
/** Sustained excess of one series may pause this long, a weekend, and still be one shift. */
const pauseHours = 72
/** Costs of causes are compared over at most so many hours. */
export const lookBack = 24

const beginOf = ({ hour, spanHours }: Flag): number => hour - spanHours + 1

/** The episodes of flags, in a fixed order whatever that of the flags. */
export function episodesOf(flags: readonly Flag[]): Episode[] {
  const series = grouped(flags.toSorted(inOrder), seriesId)
  return series
    .flatMap((own) => (own[0]?.family === 0 ? ofAll(own) : ofSeries(own)))
    .toSorted((a, b) => a.first - b.first || bySeries(a, b))
}

const inOrder = (a: Flag, b: Flag): number =>
  a.hour - b.hour ||
  bySeries(a, b) ||
  (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : a.spanHours - b.spanHours)

function grouped<T>(items: readonly T[], keyOf: (item: T) => string | number): T[][] {
  const groups = new Map<string | number, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return [...groups.values()]
}

/** A fixed order of series. */
export const bySeries = (a: SeriesKey, b: SeriesKey): number =>
  a.family - b.family || (a.value < b.value ? -1 : a.value > b.value ? 1 : 0)

/** Of all calls, what an hour is told by is the shortest of its spans: that of now. */
const ofAll = (flags: readonly Flag[]): Episode[] =>
  grouped(flags, ({ hour }) => hour).map((own) => ({
    family: 0,
    value: '',
    flags: own,
    begin: Math.max(...own.map(beginOf)),
    first: own[0]?.hour ?? 0,
  }))

/** All flags of one hour count at once: what is told of an hour does not hang on the order of its tests. */
function ofSeries(flags: readonly Flag[]): Episode[] {
  const found: Flag[][] = []
  for (const batch of grouped(flags, ({ hour }) => hour)) {
    const before = found.at(-1)
    const begin = Math.min(...batch.map(beginOf))
    if (before !== undefined && begin - (before.at(-1)?.hour ?? 0) <= mergeHours) before.push(...batch)
    else found.push([...batch])
  }
  return found.flatMap((own) => {
    const [head] = own
    if (head === undefined) return []
    const begin = Math.min(...own.filter(({ hour }) => hour === head.hour).map(beginOf))
    return [{ family: head.family, value: head.value, flags: own, begin, first: head.hour }]
  })
}

/** Its youngest flag at an hour. */
export const lastAt = ({ flags }: Episode, hour: number): number =>
  flags.findLast((flag) => flag.hour <= hour)?.hour ?? -Infinity

const isSustainedAt = ({ flags }: Episode, hour: number): boolean =>
  flags.some((flag) => flag.kind === 'sustained' && flag.hour <= hour)

/** Hours over which two series are compared when a new episode begins: its own, and those of the other. */
function windowsOf(fresh: Episode, other: Episode): readonly (readonly [since: number, until: number])[] {
  const until = fresh.first + 1
  const since = [fresh.begin, other.begin].map((begin) => Math.max(begin, until - lookBack))
  return [...new Set(since)].map((one) => [one, until])
}

export const pairId = (a: SeriesKey, b: SeriesKey, since: number, until: number): string =>
  JSON.stringify([...[a, b].toSorted(bySeries).map(seriesId), since, until])

/**
 * What must be asked to tell whether two series burst for one reason: pairs of two dimensions of which one is flagged
 * while the other is known.
 */
export function sharedSpans(episodes: readonly Episode[], historyDays: number): SharedSpan[] {
  const spans = new Map<string, Omit<SharedSpan, 'id'>>()
  const members = episodes.filter(({ family }) => family > 0)
  for (const fresh of members) {
    for (const other of members) {
      const known = other.first <= fresh.first && lastAt(other, fresh.first) >= fresh.first - lookBack
      if (!known || other.family === fresh.family) continue
      const [a, b] = fresh.family < other.family ? [fresh, other] : [other, fresh]
      for (const [since, until] of windowsOf(fresh, other)) {
        const pastUntil = Math.floor(since / 24) * 24
        const history = Math.min(...[a, b].map((one) => historyBefore(one, pastUntil)))
        spans.set(pairId(a, b, since, until), {
          family: a.family,
          value: a.value,
          other_family: b.family,
          other_value: b.value,
          since_hour: since,
          until_hour: until,
          past_since_hour: pastUntil - Math.max(24, Math.min(history, historyDays * 24)),
          past_until_hour: pastUntil,
        })
      }
    }
  }
  return [...spans.values()].map((span, id) => ({ id, ...span }))
}

/** Hours of a series' history before a midnight. */
function historyBefore({ flags, first }: Episode, midnight: number): number {
  return (flags[0]?.historyHours ?? 0) - (Math.floor(first / 24) * 24 - midnight)
}

/** Sustained excess of one series that comes again after a pause of a night or a weekend, as known at an hour. */
export function comesAgain(before: Episode, after: Episode, hour = Infinity): boolean {
  const pause = after.begin - lastAt(before, hour)
  return (
    seriesId(before) === seriesId(after) &&
    pause > 0 &&
    pause <= pauseHours &&
    isSustainedAt(before, hour) &&
    isSustainedAt(after, hour)
  )
}

const touches = (a: Episode, b: Episode): boolean =>
  (a.begin - lastAt(b, Infinity) <= mergeHours && b.begin - lastAt(a, Infinity) <= mergeHours) ||
  comesAgain(a, b) ||
  comesAgain(b, a)

/** Episodes that may come to be one incident: those at about the same time. */
export function stretchesOf(episodes: readonly Episode[]): (readonly Episode[])[] {
  let stretches: (readonly Episode[])[] = []
  for (const one of episodes) {
    const near = stretches.filter((stretch) => stretch.some((other) => touches(one, other)))
    stretches = [...stretches.filter((stretch) => !near.includes(stretch)), [...near.flat(), one]]
  }
  return stretches
}
