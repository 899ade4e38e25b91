/** How one hour of a bursty day is judged, session by session: `llmcost anomalies --explain`. */
import { memberText } from '../../anomalies/wording.js'
import type { Dimension } from '../../domain/dimensions.js'
import { hourIso, hourStart } from '../../domain/time/hours.js'
import type { Scope } from '../../domain/scope.js'
import { percent, usd } from '../../domain/words/wording.js'
import type { Materiality } from '../../domain/materiality.js'
import type { SessionTermRow } from '../../metrics/anomalies/session-flags.js'
import { column } from '../columns.js'
import { materialityText } from './materiality-words.js'
import { footerOf, warningsOf, type Doubts } from '../notes.js'
import type { Column, Report, Row, Section } from '../report.js'

/** What must hold beside the bound of surprise: shares of a usual day, and times the norm. */
type Stakes = Readonly<Record<'day' | 'norm', number>>

export interface SessionAnswer {
  readonly scope: Scope
  readonly series: { readonly dimension: Dimension | null; readonly value: string }
  /** Local hour. */
  readonly hour: number
  readonly dispersion: number
  /** `day` as --min-share moves it. */
  readonly bounds: Stakes
  readonly matters: Materiality
  readonly rows: readonly SessionTermRow[]
  readonly doubts: Doubts
}

const columns: readonly Column[] = [
  column('span_hours', 'hours', 'count'),
  column('begun', 'begun', 'count'),
  column('norm_begun', 'usual', 'number'),
  column('cost_usd', 'cost', 'usd'),
  column('norm_usd', 'usual cost', 'usd'),
  column('price_times', 'price ×', 'number'),
  column('calls_times', 'calls ×', 'number'),
  column('session_surprise', 'S begun', 'number'),
  column('price_surprise', 'S price', 'number'),
  column('calls_surprise', 'S calls', 'number'),
  column('surprise', 'S', 'number'),
  column('bound', 'bound', 'number'),
  column('flagged', 'flagged', 'boolean'),
]

export function sessionReport(answer: SessionAnswer): Report {
  const { scope, series, hour, dispersion, rows, bounds, matters, doubts } = answer
  const title = `Sessions of ${memberText({ dimension: series.dimension?.key ?? null, value: series.value })}`
  const section: Section = {
    id: 'sessions',
    title,
    columns,
    rows: rows.map((row) => rowOf(row, bounds)),
    notes: [
      `people work in sessions here (dispersion ${Number(dispersion.toPrecision(2))}), so sessions are judged, not calls`,
      'begun: sessions that began in the hours up to this; price ×, calls ×: cost a call and calls an hour of a session, times what is usual for the same people; S: the surprise of each, and all',
      ...(rows[0] === undefined ? [] : [stakes(rows[0], bounds)]),
      materialityText(matters),
    ],
    empty: 'no baseline: the series has no session before this day, or not enough of its hours are known',
  }
  return {
    kind: 'anomaly_baseline',
    title,
    period: {
      since: hourIso(hourStart(hour, scope.tz)),
      until: hourIso(hourStart(hour + 1, scope.tz)),
      tz: scope.tz,
    },
    sections: [section],
    warnings: warningsOf(doubts),
    footer: footerOf(doubts.history),
  }
}

/** What must hold beside the bound, of every span. */
function stakes(
  { usual_usd: usual, hour_usd: cost, hour_norm_usd: norm }: SessionTermRow,
  { day, norm: times }: Stakes,
): string {
  return `flagged when S is above the bound, the excess above ${usd(day * usual)} (${percent(day)} of a usual day), the cost above ${times} × the usual, and the hour itself (${usd(cost)}) above its usual (${usd(norm)})`
}

function rowOf(row: SessionTermRow, bounds: Stakes): Row {
  const [cost, norm] = [row.span_usd, row.span_norm_usd]
  const times = (sum: number): number | null => (row.span_units === 0 ? null : Math.exp(sum / row.span_units))
  const matters = cost - norm > bounds.day * row.usual_usd && cost > bounds.norm * norm
  return {
    span_hours: row.span_hours,
    begun: row.span_begun,
    norm_begun: row.span_norm_begun,
    cost_usd: cost,
    norm_usd: norm,
    price_times: times(row.span_price),
    calls_times: times(row.span_calls),
    session_surprise: row.session_surprise,
    price_surprise: row.price_surprise,
    calls_surprise: row.calls_surprise,
    surprise: row.surprise,
    bound: row.bound,
    flagged: matters && row.hour_usd > row.hour_norm_usd && row.surprise > row.bound,
  }
}
