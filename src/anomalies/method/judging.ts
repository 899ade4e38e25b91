/** The tests of a window: which series are judged by which of them, and what they flag. */
import { shareTimes } from '../../domain/materiality.js'
import type { FlagRow } from '../../metrics/anomalies/flags.js'
import type { SeriesRow } from '../../metrics/anomalies/judged-hours.js'
import { sustainedBounds } from './bounds.js'
import { CallNorms } from './call-norms.js'
import { costDays, likelyDays } from './candidates.js'
import { costFlags, costHours } from './cost-tests.js'
import { provenDrifts, steadyDrifts } from './drifts.js'
import { costKinds, isPerson, likelyKinds, type Ground } from './ground.js'
import { History } from './history.js'
import { isLoud, type LoudSeries } from './likelihood.js'
import { expectedHours } from './widths.js'

/** Fewer days of history than the four weeks that it compares: no drift. */
const driftDays = 28

/** Series of which hours may be flagged by likelihood, and all other rows. */
export interface Judgement {
  readonly rows: readonly FlagRow[]
  readonly loud: readonly LoudSeries[]
}

/** A series, and the days on which an hour of it may be flagged by likelihood, with the days before these. */
interface Likely {
  readonly history: History
  readonly days: readonly number[]
}

/** One series after another, for only few of many are kept. @param rows of the series beside the account */
export function judgementOf(ground: Ground, rows: readonly SeriesRow[]): Judgement {
  const { request, account } = ground
  const found = [...driftRows(ground), accountRow(ground)]
  const likely: Likely[] = []
  for (const row of [undefined, ...rows]) {
    const history = row === undefined ? account : new History(request.span, row)
    found.push(...costRows(ground, history), ...firstSpend(ground, history))
    const days = likelyKinds(request).length === 0 ? [] : likelyDays(ground, history)
    if (days.length > 0) likely.push({ history, days })
  }
  return { rows: found, loud: loudSeries(ground, likely) }
}

function driftRows({ request, account, days, usual, calendar }: Ground): FlagRow[] {
  if (!request.kinds.includes('drift') || request.historyDays < driftDays) return []
  return request.method === 'likelihood'
    ? provenDrifts(account, days, usual, calendar, request.minUsd)
    : steadyDrifts(account, days, usual, calendar)
}

const ascending = (days: readonly number[]): number[] => [...new Set(days)].toSorted((a, b) => a - b)

function loudSeries(ground: Ground, likely: readonly Likely[]): LoudSeries[] {
  const { request, account, calendar, usual } = ground
  const ofAccount = new CallNorms(account, calendar)
  // A series is drawn towards the account's rhythm, whose hours are judged on these days as well.
  const days = likely.flatMap((one) => one.days)
  const others = likely.filter(({ history }) => history !== account)
  return [{ history: account, days }, ...others].flatMap((one) => {
    const norms = one.history === account ? ofAccount : new CallNorms(one.history, calendar, ofAccount)
    const hours = expectedHours(norms, ascending(one.days), calendar, usual)
    const series = { norms, hours, isPerson: isPerson(request, one.history.family) }
    return isLoud(series, request.span.since, request) ? [series] : []
  })
}

function costRows(ground: Ground, history: History): FlagRow[] {
  const { request, calendar, usual } = ground
  const kinds = costKinds(request)
  const days = ascending(costDays(ground, history, kinds))
  if (days.length === 0) return []
  return costFlags(history, costHours(history, days, calendar, usual), {
    kinds,
    since: request.span.since,
    noiseScale: request.noiseScale,
    timesShare: shareTimes(request.minShare),
    isPerson: isPerson(request, history.family),
    ofWholeDays: request.method === 'likelihood',
  })
}

/** A series that first cost anything in the window, with what its first 24 hours came to. */
function firstSpend({ request, usual }: Ground, history: History): FlagRow[] {
  const { span, minShare } = request
  const { paidHour: hour, family, value } = history
  if (hour === undefined || hour < span.since || hour >= span.until) return []
  const usualUsd = usual.get(Math.floor(hour / 24))
  const usd = history.sum(hour, hour + 24)
  const { day } = sustainedBounds(isPerson(request, family), shareTimes(minShare))
  if (usualUsd === undefined || !(usd > day * usualUsd)) return []
  return [
    {
      kind: 'first_spend',
      family,
      value,
      hour,
      span_hours: 24,
      cost_usd: usd,
      norm_usd: 0,
      noise_usd: null,
      usual_usd: usualUsd,
      history_hours: 0,
      strength: null,
    },
  ]
}

const accountRow = ({ request: { span }, account, usual }: Ground): FlagRow => ({
  kind: 'account',
  family: 0,
  value: '',
  hour: account.firstHour,
  span_hours: 24,
  cost_usd: 0,
  norm_usd: 0,
  noise_usd: null,
  usual_usd: usual.get(Math.floor((span.until - 1) / 24)) ?? null,
  history_hours: span.until - account.firstHour,
  strength: null,
})

/** As the rows of one answer are told: by hour, series and kind. */
export const inOrder = (rows: readonly FlagRow[]): FlagRow[] =>
  rows.toSorted(
    (a, b) =>
      Number(a.hour) - Number(b.hour) ||
      a.family - b.family ||
      compare(a.value, b.value) ||
      compare(a.kind, b.kind),
  )

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
