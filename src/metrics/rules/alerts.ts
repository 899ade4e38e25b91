import { instant } from '../dialect.js'
import type { Query } from '../query.js'

export type AlertStatus = 'firing' | 'acknowledged' | 'snoozed' | 'ended'

export interface AlertRow {
  readonly alert: number
  readonly status: AlertStatus
  readonly severity: string
  readonly rule: string
  readonly dimension: string | null
  readonly value: string | null
  readonly text: string
  readonly started_at: string
  readonly ended_at: string | null
  readonly acknowledged_at: string | null
  readonly snoozed_until: string | null
  /** Channels that have been told. */
  readonly told: readonly string[] | null
  /** Messages that arrived, and the newest of them. */
  readonly messages: number
  readonly told_at: string | null
  /** `channel: what went wrong`, of messages that are to be tried again or are in doubt. */
  readonly problems: readonly string[] | null
  readonly key: string
  /** Number of all alerts of this list. */
  readonly all_alerts: number
}

/**
 * Alerts with what their channels were told, the newest first.
 * @param now ISO 8601 UTC; what snoozes are judged by
 */
export function alertsQuery(now: string, ended: boolean, top: number): Query<AlertRow> {
  return {
    sql: /* sql */ `
      WITH attempts AS (
        SELECT alert_id, state, channel, tried_at,
          channel || ': the ' || event || CASE
            WHEN state = 'failed' THEN ' was not delivered: ' || error
            WHEN state = 'unknown' THEN ' may not have arrived'
            WHEN state = 'sending' THEN ' is being sent, or a run ended before its fate was known'
            ELSE ' arrived, but not for everyone: ' || error END AS problem
        FROM deliveries WHERE state <> 'dropped'
      ), messages AS (
        SELECT alert_id, count(*) FILTER (WHERE state = 'sent') AS messages,
          max(tried_at) FILTER (WHERE state = 'sent') AS told_at,
          list(DISTINCT channel ORDER BY channel) FILTER (WHERE state = 'sent') AS told,
          list(DISTINCT problem ORDER BY problem) FILTER (WHERE problem IS NOT NULL) AS problems
        FROM attempts GROUP BY alert_id
      )
      SELECT a.alert_id AS alert,
        CASE WHEN a.ended_at IS NOT NULL THEN 'ended' WHEN a.acknowledged_at IS NOT NULL THEN 'acknowledged'
          WHEN a.snoozed_until > ${instant('$now')} THEN 'snoozed' ELSE 'firing' END AS status,
        a.severity, a.rule, a.dimension, a.value, a.text, a.started_at, a.ended_at, a.acknowledged_at,
        CASE WHEN a.snoozed_until > ${instant('$now')} THEN a.snoozed_until END AS snoozed_until,
        m.told, coalesce(m.messages, 0) AS messages, m.told_at, m.problems, a.key, count(*) OVER () AS all_alerts
      FROM alerts a LEFT JOIN messages m ON m.alert_id = a.alert_id
      WHERE $ended OR a.ended_at IS NULL
      ORDER BY a.alert_id DESC LIMIT $top`,
    params: { now, ended, top },
  }
}
