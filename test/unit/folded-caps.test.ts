/** A cap that hundreds are over is one line of `check`. */
import { expect, test } from 'vitest'
import { foldedCaps } from '../../src/reports/rules/folded-caps.js'
import type { FiredRule } from '../../src/rules/fired.js'

const over = (user: string, used: string, limit = '5', cap = 'daily_usd'): FiredRule => ({
  key: `user-caps:user_id="${user}":${cap}`,
  rule: 'user-caps',
  kind: 'user_caps',
  severity: 'warning',
  dimension: 'user_id',
  value: user,
  measured: used,
  bound: limit,
  since: `2026-09-28T0${user.length % 9}:00:00.000Z`,
  text: `user ${user} used $${used} in a day, over the cap of $${limit}; see llmcost caps`,
  details: {
    cap_key: cap,
    cap: cap === 'daily_usd' ? 'a day' : 'an hour',
    used: `$${used}`,
    limit: `$${limit}`,
    subject: `user ${user}`,
  },
})

test('298 users over a cap are one line with its top three, each cap by itself', () => {
  const users = Array.from({ length: 298 }, (_, i) => over(`u${i}`, `${i}.10`))
  const other: FiredRule = { ...over('all', '1'), kind: 'cost', key: 'cost' }
  const shown = foldedCaps([...users, over('u1', '2', '1', 'hourly_usd'), other])
  expect(shown.map(({ text }) => text)).toEqual([
    '298 users are over the cap of $5 a day: user u297 with $297.10, user u296 with $296.10, user u295 with $295.10, and 295 more; see llmcost caps',
    'user u1 used $2 in a day, over the cap of $1; see llmcost caps',
    other.text,
  ])
  expect(shown[0]).toMatchObject({
    value: 'u297',
    measured: '297.10',
    bound: '5',
    since: '2026-09-28T02:00:00.000Z',
  })
})

test('limits of their own stand beside each', () => {
  const [one] = foldedCaps([over('a', '2', '1'), over('b', '9.5', '9')])
  expect(one?.text).toBe(
    '2 users are over what they may use in a day: user b with $9.5 of $9, user a with $2 of $1; see llmcost caps',
  )
  expect(one?.bound).toBeNull()
})
