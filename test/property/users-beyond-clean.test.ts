/** Users beyond their usual on logs whose incidents are known: hardly anybody where there is none. */
import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import { defaultBounds } from '../../src/domain/bounds.js'
import { hourSpan } from '../../src/domain/time/hours.js'
import { usersBeyond, type UserBeyondRow } from '../../src/metrics/anomalies/users-beyond.js'
import { quoteText } from '../../src/domain/words/quoting.js'

const folder = new URL('../../fixtures/anomaly-dev/', import.meta.url)

interface Labels {
  readonly eval_from: string
  readonly eval_to: string
  readonly events: readonly { kind: string; user?: string; start_iso: string; end_iso: string }[]
}

let db: Database
beforeAll(async () => {
  db = await Database.open(':memory:', 'write')
  await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
  await db.run('USE store')
})
afterAll(() => db.close())

/** `user day` of each user's day in the judged weeks that is beyond, by the bounds that hold by default. */
async function told(name: string): Promise<{ days: string[]; labels: Labels }> {
  const log = fileURLToPath(new URL(`${name}/calls.csv.gz`, folder))
  const labels = JSON.parse(readFileSync(new URL(`${name}/labels.json`, folder), 'utf8')) as Labels
  await db.run('DELETE FROM calls')
  await db.run(`INSERT INTO calls (call_id, source, ts, user_id, feature, cost_usd)
    SELECT 'c' || row_number() OVER (), 'test', CAST(CAST("timestamp" AS TIMESTAMPTZ) AS TIMESTAMP), "user", feature, CAST(cost_usd AS DECIMAL(18, 12))
    FROM read_csv(${quoteText(log)}, all_varchar = true)`)
  const scope = { since: labels.eval_from, until: labels.eval_to, tz: 'UTC', filters: [] }
  const { sql, params } = usersBeyond({
    scope,
    span: hourSpan(scope, new Date(labels.eval_to), 28, 'UTC'),
    leastUsd: defaultBounds.user_day_usd,
    leastShare: defaultBounds.user_day_share,
    leastRatio: defaultBounds.user_day_over_mean,
    spreads: defaultBounds.user_day_spreads,
  })
  const { rows } = await db.query<UserBeyondRow & Record<string, unknown>>(sql, params)
  const days = rows.map(({ user_id, hour }) => {
    const day = new Date(Math.floor(Number(hour) / 24) * 86_400_000).toISOString().slice(0, 10)
    return `${user_id} ${day}`
  })
  return { days: [...new Set(days)], labels }
}

const names = readdirSync(folder).filter((name) => !name.includes('.'))

test.each(names.filter((name) => name.endsWith('-clean')))('at most 0.2 a week in %s', async (name) => {
  const { days, labels } = await told(name)
  expect(labels.events).toEqual([])
  const weeks = (Date.parse(labels.eval_to) - Date.parse(labels.eval_from)) / (7 * 86_400_000)
  expect(weeks).toBe(6)
  expect(days.length / weeks).toBeLessThanOrEqual(0.2)
})

test.each(['small-poweruser-0', 'small-mixed-0'])('the power user of %s on the first day', async (name) => {
  const { days, labels } = await told(name)
  const event = labels.events.find(({ kind }) => kind === 'poweruser')!
  expect(days).toContain(`${event.user} ${event.start_iso.slice(0, 10)}`)
  // And nobody else.
  expect(days.filter((day) => !day.startsWith(event.user!))).toEqual([])
})
