/** Alerts and messages in the store: the caller holds its write lock, and the store is attached as `store`. */
import type { Database } from '../../db/database.js'
import type { FiredRule } from '../../rules/fired.js'
import type { Alert, Delivery, DeliveryEvent, DeliveryState } from './alert.js'

export interface Ledger {
  /** Open, or ended with something left to tell, or the latest of its key. */
  readonly alerts: readonly Alert[]
  /** About these alerts. */
  readonly deliveries: readonly Delivery[]
  readonly nextId: number
  /** The newest check whose findings are here, ms; null before the first. */
  readonly checkedAt: number | null
}

const checkedKey = 'alerts_checked_at'

/** Alerts that still matter to the next message. */
const relevant = /* sql */ `
  WITH unfinished AS (
    SELECT alert_id FROM store.deliveries GROUP BY alert_id, channel
    HAVING bool_or(state IN ('sending', 'failed'))
      OR (bool_or(state IN ('sent', 'unknown')) AND NOT bool_or(event = 'end'))
  )
  SELECT * FROM store.alerts
  WHERE ended_at IS NULL OR alert_id IN (SELECT alert_id FROM unfinished)

  UNION
  SELECT * FROM store.alerts QUALIFY row_number() OVER (PARTITION BY key ORDER BY alert_id DESC) = 1`

interface AlertRow {
  readonly alert_id: number
  readonly started_at: number
  readonly seen_at: number
  readonly ended_at: number | null
  readonly acknowledged_at: number | null
  readonly snoozed_until: number | null
  readonly fired: string
}

interface DeliveryRow {
  readonly delivery_id: string
  readonly alert_id: number
  readonly channel: string
  readonly event: DeliveryEvent
  readonly number: number
  readonly state: DeliveryState
  readonly claimed_until: number | null
  readonly tried_at: number
  readonly attempts: number
  readonly doubtful: boolean
  readonly error: string | null
}

export async function loadLedger(db: Database): Promise<Ledger> {
  const { rows } = await db.query<AlertRow>(`SELECT ${alertColumns} FROM (${relevant}) ORDER BY alert_id`)
  const messages = await db.query<DeliveryRow>(`SELECT * REPLACE (
        epoch_ms(claimed_until) AS claimed_until, epoch_ms(tried_at) AS tried_at)
    FROM store.deliveries WHERE alert_id IN (SELECT alert_id FROM (${relevant}))
    ORDER BY alert_id, channel, number, event`)
  const { next } = await db.one<{ next: number }>(
    'SELECT coalesce(max(alert_id), 0) + 1 AS next FROM store.alerts',
  )
  const checked = await db.query<{ value: string }>('SELECT value FROM store.meta WHERE key = $key', {
    key: checkedKey,
  })
  return {
    alerts: rows.map(alertOf),
    deliveries: messages.rows.map(deliveryOf),
    nextId: next,
    checkedAt: checked.rows[0] === undefined ? null : Date.parse(checked.rows[0].value),
  }
}

const alertColumns = `alert_id, fired, epoch_ms(started_at) AS started_at, epoch_ms(seen_at) AS seen_at,
  epoch_ms(ended_at) AS ended_at, epoch_ms(acknowledged_at) AS acknowledged_at,
  epoch_ms(snoozed_until) AS snoozed_until`

/** Every alert, the newest first. */
export async function findAlerts(db: Database): Promise<readonly Alert[]> {
  const { rows } = await db.query<AlertRow>(`SELECT ${alertColumns} FROM store.alerts ORDER BY alert_id DESC`)
  return rows.map(alertOf)
}

function alertOf(row: AlertRow): Alert {
  return {
    id: row.alert_id,
    rule: JSON.parse(row.fired) as FiredRule,
    startedAt: row.started_at,
    seenAt: row.seen_at,
    endedAt: row.ended_at,
    acknowledgedAt: row.acknowledged_at,
    snoozedUntil: row.snoozed_until,
  }
}

function deliveryOf(row: DeliveryRow): Delivery {
  const { delivery_id: id, alert_id: alertId, claimed_until: claimedUntil, tried_at: at, ...rest } = row
  return { id, alertId, claimedUntil, at, ...rest }
}

/** A check's findings, and the messages that will be sent for them. */
export async function record(
  db: Database,
  {
    alerts,
    deliveries,
    at,
  }: { readonly alerts: readonly Alert[]; readonly deliveries: readonly Delivery[]; readonly at: number },
): Promise<void> {
  await replaceAlerts(db, alerts)
  await replaceDeliveries(db, deliveries)
  await db.run('DELETE FROM store.meta WHERE key = $key', { key: checkedKey })
  await db.run('INSERT INTO store.meta VALUES ($key, $at)', {
    key: checkedKey,
    at: new Date(at).toISOString(),
  })
}

const time = (column: string): string => `CAST(epoch_ms(r."${column}") AS TIMESTAMP)`

/** Puts alerts in the place of what was there of them. */
export async function replaceAlerts(db: Database, alerts: readonly Alert[]): Promise<void> {
  const rows = jsonOf(
    alerts.map(({ id, rule, ...times }) => ({
      id,
      ...times,
      key: rule.key,
      rule: rule.rule,
      severity: rule.severity,
      dimension: rule.dimension,
      value: rule.value,
      text: rule.text,
      fired: jsonOf(rule),
    })),
  )
  const given = `(SELECT unnest(from_json($rows, '[{"id":"BIGINT","key":"VARCHAR","rule":"VARCHAR",
    "severity":"VARCHAR","dimension":"VARCHAR","value":"VARCHAR","text":"VARCHAR","startedAt":"BIGINT",
    "seenAt":"BIGINT","endedAt":"BIGINT","acknowledgedAt":"BIGINT","snoozedUntil":"BIGINT","fired":"VARCHAR"}]')) AS r)`
  await db.run(`DELETE FROM store.alerts WHERE alert_id IN (SELECT r.id FROM ${given})`, { rows })
  await db.run(
    `INSERT INTO store.alerts SELECT r.id, r.key, r.rule, r.severity, r.dimension, r.value, r.text,
      ${time('startedAt')}, ${time('seenAt')}, ${time('endedAt')}, ${time('acknowledgedAt')},
      ${time('snoozedUntil')}, r.fired
    FROM ${given} ORDER BY r.id`,
    { rows },
  )
}

async function replaceDeliveries(db: Database, deliveries: readonly Delivery[]): Promise<void> {
  const rows = jsonOf(deliveries)
  const given = `(SELECT unnest(from_json($rows, '[{"id":"VARCHAR","alertId":"BIGINT","channel":"VARCHAR",
    "event":"VARCHAR","number":"BIGINT","state":"VARCHAR","claimedUntil":"BIGINT","at":"BIGINT","attempts":"BIGINT",
    "doubtful":"BOOLEAN","error":"VARCHAR"}]')) AS r)`
  await db.run(`DELETE FROM store.deliveries WHERE delivery_id IN (SELECT r.id FROM ${given})`, { rows })
  await db.run(
    `INSERT INTO store.deliveries SELECT r.id, r.alertId, r.channel, r.event, r.number, r.state,
      ${time('claimedUntil')}, ${time('at')}, r.attempts, r.doubtful, r.error
    FROM ${given} ORDER BY r.alertId, r.channel, r.number`,
    { rows },
  )
}

/** What came of messages, unless another run has taken them over in the meantime. */
export async function recordResults(db: Database, deliveries: readonly Delivery[]): Promise<void> {
  for (const { id, state, doubtful, error, attempts } of deliveries) {
    await db.run(
      `UPDATE store.deliveries SET state = $state, doubtful = $doubtful, error = $error, claimed_until = NULL
      WHERE delivery_id = $id AND state = 'sending' AND attempts = $attempts`,
      { id, state, doubtful, error, attempts },
    )
  }
}

const jsonOf = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? String(one) : one))
