import { expect, test } from 'vitest'
import { askExplained } from '../../../src/questions/optimizing.js'
import { at, changeOf, day, minute, paid, plantedStore, saved, scope, type Planted } from './planted.js'

const store = plantedStore()
const call = (user: string, ms: number, usd: string): Planted => ({
  user_id: user,
  ts: at(ms),
  ...paid({ input: usd }),
})

/** The same by a loop, as a limiter would. */
function limiter(calls: readonly Planted[], limit: number): number {
  const spent = new Map<string, number>()
  let refused = 0
  for (const { user_id: user, ts, cost } of calls.map((one) => ({
    ...one,
    cost: Number(one['list_input_cost_usd']) * 100,
  })) as never as {
    user_id: string
    ts: string
    cost: number
  }[]) {
    const key = `${user} ${ts.slice(0, 10)}`
    if ((spent.get(key) ?? 0) >= limit * 100) refused += cost
    else spent.set(key, (spent.get(key) ?? 0) + cost)
  }
  return Math.round(refused) / 100
}

test('refuses what a limiter refuses', async () => {
  const calls = Array.from({ length: 400 }, (_, i) => {
    const user = `u${i % 7 === 0 ? 0 : i % 5}`
    return call(user, Math.floor(i / 80) * day + (i % 80) * minute, user === 'u0' ? '0.37' : '0.11')
  })
  await store.plant(calls)
  for (const cents of [50, 100, 250, 600])
    expect(Number(saved(await store.find('heavy-users', `daily_cents=${cents}`)))).toBe(
      limiter(calls, cents / 100),
    )
  const outcome = await store.find('heavy-users', 'daily_cents=250')
  expect(outcome.segments.map((row) => row.d0)).toContain('u0')
  expect(changeOf(outcome)).toMatch(/^a limit of \$2.50 a day would have refused/)
})

test('tells how unequal spending is, and has nothing to gain where all spend alike', async () => {
  await store.plant([call('a', 0, '7'), call('b', 0, '1'), call('c', 0, '1'), call('d', 0, '1')])
  const outcome = await store.find('heavy-users')
  expect(saved(outcome)).toBe('0.000000000000')
  const { details } = await askExplained({ db: store.db, scope }, outcome)
  // Gini by its definition: the mean difference between any two, over twice the mean.
  expect(details[0]!.rows).toEqual([
    { users: 4, top_1_share: 0.7, top_10_share: 0.7, top_user_share: 0.7, gini: (6 * 6) / (2 * 16 * 2.5) },
  ])
})
