/** What the store holds at all, whatever the window: where the data are and what is doubtful about them. */
import { timestampText } from '../../domain/words/quoting.js'
import { isOfAgent } from '../doubts/agent-costs.js'
import { instant } from '../dialect.js'
import { conditions } from '../../rollups/parts.js'
import { routed, type Grain } from '../../rollups/router.js'
import type { Query, Whole } from '../query.js'

export interface HistoryRow {
  readonly calls: Whole
  /** ISO 8601 UTC; null when there is no call. */
  readonly first_ts: string | null
  readonly last_ts: string | null
  /** Calls later than now. */
  readonly future_calls: Whole
  readonly rejected_lines: Whole
  /** Rows that are a session's total and no call. */
  readonly session_totals: Whole
  /** Rows of coding agents, session totals among them; without any, nobody asks what agents cost. */
  readonly agent_rows: Whole
  /** Calls whose log says a cost; without any, no logged cost differs from what counts. */
  readonly reported_calls: Whole
  /** Rates that are in doubt; without any, no call is priced by one. */
  readonly doubtful_rates: Whole
  /** Version and date of the price data of the latest run; null before any. */
  readonly price_data: string | null
  /** Day of the newest of that price data, `YYYY-MM-DD`; null where it is not known. */
  readonly price_date: string | null
}

/** @param now ISO 8601 UTC */
export function history(now: string): Query<HistoryRow> {
  const scope = { since: null, until: null, filters: [], tz: 'UTC' }
  return routed({ scope, names: ['source'], instants: [now], additive: true }, (grain) =>
    historyOver(grain, now),
  )
}

function historyOver({ from, part }: Grain, now: string): Query<HistoryRow> {
  // Each with a condition of its own: most of the store is passed over by the bounds that the engine keeps of its blocks.
  const count = (condition: string): string => `(SELECT ${part('rows')} FROM ${from} WHERE ${condition})`
  const sql = /* sql */ `
    WITH extent AS (
      SELECT ${part('rows')} AS calls, ${part('first_ts')} AS first_ts, ${part('last_ts')} AS last_ts,
        ${count(`ts >= ${instant('$now')}`)} AS future_calls,
        ${count(conditions.session_total)} AS session_totals,
        ${count(isOfAgent)} AS agent_rows,
        ${part('reported_cost_rows')} AS reported_calls
      FROM ${from}
    ), refused AS (
      SELECT count(*) AS rejected_lines FROM rejects
    ), rates_in_doubt AS (
      SELECT count(*) AS doubtful_rates FROM rates WHERE doubt IS NOT NULL
    ), latest_run AS (
      SELECT max(value) FILTER (WHERE key = 'price_data') AS price_data,
        max(value) FILTER (WHERE key = 'price_date') AS price_date
      FROM meta WHERE key IN ('price_data', 'price_date')
    )
    SELECT calls, first_ts, last_ts, future_calls, rejected_lines, session_totals, agent_rows, reported_calls,
      doubtful_rates, price_data, price_date
    FROM extent CROSS JOIN refused CROSS JOIN rates_in_doubt CROSS JOIN latest_run`
  return { sql, params: { now: timestampText(now) } }
}
