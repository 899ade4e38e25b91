/** Flags that one thing caused are one incident: docs/anomaly-method.md tells when they are. */
import type { NormHour } from './method/chosen-hours.js'
import type { SharedRow, SharedSpan } from '../metrics/anomalies/shared-costs.js'
import type { AnomalyKind } from '../metrics/anomalies/flags.js'
import { byCause, type Cause, type Costs } from './causes.js'
import { bySeries, episodesOf, pairId, sharedSpans, stretchesOf, type Episode } from './episodes.js'
import { seriesId, type Flag, type Group, type SeriesKey } from './incidents.js'

/** Flags as the questions that tell which belong together need them. */
export interface Pieces {
  readonly rises: readonly Episode[]
  readonly falls: readonly Episode[]
  readonly drifts: readonly Flag[]
}

export function piecesOf(flags: readonly Flag[]): Pieces {
  const of = (...kinds: AnomalyKind[]): Flag[] => flags.filter(({ kind }) => kinds.includes(kind))
  return {
    rises: episodesOf(of('spike', 'sustained')),
    falls: episodesOf(of('drop')),
    drifts: of('drift'),
  }
}

/** Flags that may come to be one incident. */
export const flagsTogether = ({ rises, falls }: Pieces): (readonly Flag[])[] =>
  [...stretchesOf(rises), ...stretchesOf(falls)].map((stretch) => stretch.flatMap(({ flags }) => flags))

/** What to ask of series of two dimensions that are flagged at about the same time. */
export const pairsOf = ({ rises, falls }: Pieces, historyDays: number): SharedSpan[] =>
  [...sharedSpans(rises, historyDays), ...sharedSpans(falls, historyDays)].map((span, id) => ({
    ...span,
    id,
  }))

/** @param rows hours of the days of `daysToMeasure` @param shared answers to `pairsOf` */
export function costsOf(
  rows: readonly NormHour[],
  spans: readonly SharedSpan[],
  shared: readonly SharedRow[],
): Costs {
  const series = new Map<string, Map<number, { cost: number; norm: number }>>()
  for (const row of rows) {
    const id = seriesId(row)
    const hours = series.get(id) ?? new Map<number, { cost: number; norm: number }>()
    series.set(id, hours.set(row.hour, { cost: Number(row.exact_usd), norm: rounded(row.norm_usd) }))
  }
  const common = new Map(
    shared.map(({ id, cost_usd: cost, past_usd: norm }) => {
      const span = spans[id]
      if (span === undefined) throw new Error(`no pair ${id}`)
      const other = { family: span.other_family, value: span.other_value }
      return [
        pairId(span, other, span.since_hour, span.until_hour),
        { cost: Number(cost), norm: rounded(norm) },
      ]
    }),
  )
  return {
    of: (key, since, until) => {
      const hours = series.get(seriesId(key))
      const sum = { cost: 0, norm: 0 }
      for (let hour = since; hour < until; hour++) {
        const own = hours?.get(hour)
        sum.cost += own?.cost ?? 0
        sum.norm += own?.norm ?? 0
      }
      return sum
    },
    shared: (a, b, since, until) => common.get(pairId(a, b, since, until)) ?? { cost: 0, norm: 0 },
  }
}

/** The last digits of a norm hang on the order of adding: no verdict may. */
const rounded = (usd: number): number => Number(usd.toFixed(9))

/** Days on which the account drifts share most of their weeks: they are one drift while less apart than this. */
const driftHours = 7 * 24

/** Each flag in one group, in the order of their beginnings. */
export function groupsOf({ rises, falls, drifts }: Pieces, costs: Costs): Group[] {
  const groups = [
    ...driftsOf(drifts).reduce<Group[]>(withDrift, byCause(rises, costs, 'rise').map(groupOf)),
    ...byCause(falls, costs, 'fall').map(groupOf),
  ]
  return groups.toSorted((a, b) => start(a) - start(b) || bySeries(head(a), head(b)))
}

const groupOf = ({ episodes, isOfAll }: Cause): Group => ({
  flags: inOrder(episodes.flatMap(({ flags }) => flags)),
  isOfAll,
})

const inOrder = (flags: readonly Flag[]): Flag[] =>
  flags.toSorted((a, b) => a.hour - b.hour || bySeries(a, b) || (a.kind < b.kind ? -1 : 1))

/** Splits flags of drift where more than a week lies between one and the next. */
function driftsOf(flags: readonly Flag[]): Group[] {
  const groups: Flag[][] = []
  for (const flag of inOrder(flags)) {
    const last = groups.at(-1)
    const before = last?.at(-1)
    if (last !== undefined && before !== undefined && flag.hour - before.hour <= driftHours) last.push(flag)
    else groups.push([flag])
  }
  return groups.map((members) => ({ flags: members, isOfAll: true }))
}

const head = ({ flags }: Group): SeriesKey => flags[0] ?? { family: 0, value: '' }
const start = ({ flags }: Group): number => flags[0]?.hour ?? 0
const end = ({ flags }: Group): number => flags.at(-1)?.hour ?? 0

/** A sustained rise that ended within the dear week itself explains the drift: a shift that stays is one incident. */
function withDrift(groups: readonly Group[], drift: Group): Group[] {
  const cause = groups
    .filter(
      (group) =>
        group.flags.some(({ kind }) => kind === 'sustained') &&
        start(group) <= start(drift) &&
        end(group) >= start(drift) - driftHours,
    )
    .toSorted((a, b) => end(a) - end(b))
    .at(-1)
  if (cause === undefined) return [...groups, drift]
  const joined = { ...cause, flags: inOrder([...cause.flags, ...drift.flags]) }
  return groups.map((group) => (group === cause ? joined : group))
}
