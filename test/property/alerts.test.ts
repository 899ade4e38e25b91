/**
 * Any course of checks, acknowledgements, snoozes, failures and deaths: who is told what. The world of a test
 * is a ledger in memory and a channel that counts what arrives; a check may die before anything is recorded,
 * before its messages leave, or before what came of them is recorded.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { due } from '../../src/delivery/alerts/due.js'
import { observe } from '../../src/delivery/alerts/observe.js'
import { loadLedger, record, recordResults, replaceAlerts } from '../../src/delivery/alerts/ledger.js'
import { Database } from '../../src/db/database.js'
import { migrations } from '../../src/db/schema.js'
import {
  channels,
  keys,
  leaseMs,
  minute,
  ruleOf,
  World,
  type Arrived,
  type Death,
  type Key,
  type Timed,
} from './alerts-world.js'
import { tries } from './seed.js'

const firedKeys = fc.subarray([...keys])
const after = fc.integer({ min: 0, max: 50 })
const change = fc.record({
  do: fc.constantFrom('ack' as const, 'snooze' as const),
  key: fc.constantFrom(...keys),
  minutes: fc.integer({ min: 1, max: 200 }),
  after,
})
const check = (deaths: fc.Arbitrary<Death>, down: fc.Arbitrary<string[]>): fc.Arbitrary<Timed> =>
  fc.record({ do: fc.constant('check' as const), fired: firedKeys, dies: deaths, down, after })

const calm = check(fc.constant('none'), fc.constant([]))
const failing = check(fc.constant('none'), fc.subarray(['chat', 'pager']))
const mortal = check(
  fc.constantFrom<Death>('none', 'before', 'unsent', 'unrecorded'),
  fc.subarray(['chat', 'pager']),
)

function lived(steps: readonly Timed[]): World {
  const world = new World()
  for (const step of steps) world.run(step)
  return world
}

/** What people should hear when nothing goes wrong, worked out key by key without any ledger. */
function expected(steps: readonly Timed[]): string[] {
  const said: string[] = []
  for (const key of keys) {
    for (const { name, severity, remindMs: every } of channels) {
      if (severity === 'critical' && ruleOf(key).severity !== 'critical') continue
      let at = 0
      let open = false
      let ackedNow = false
      let known = false
      let quietUntil = -1
      let last: number | null = null
      for (const step of steps) {
        at += step.after * minute
        if (step.do === 'snooze' && step.key === key && known) quietUntil = at + step.minutes * minute
        if (step.do === 'ack' && step.key === key && open) ackedNow = true
        if (step.do !== 'check') continue
        const fires = step.fired.includes(key)
        if (fires && !open) [open, ackedNow, last, known] = [true, false, null, true]
        if (!fires && open) {
          if (last !== null) said.push(`${at} ${name} ${key} end`)
          open = false
        }
        if (!open || ackedNow || quietUntil > at) continue
        if (last === null || (every !== null && at - last >= every)) {
          said.push(`${at} ${name} ${key} ${last === null ? 'start' : 'reminder'}`)
          last = at
        }
      }
    }
  }
  return said.toSorted()
}

const heard = ({ arrived, alerts }: World): string[] =>
  arrived
    .map(({ at, channel, event, alertId }) => {
      const key = alerts.find(({ id }) => id === alertId)?.rule.key
      return `${at} ${channel} ${key} ${event}`
    })
    .toSorted()

describe('who is told', () => {
  test('one start, one end, reminders at their interval, nothing while snoozed or after an acknowledgement', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof({ weight: 3, arbitrary: calm }, change), { maxLength: 40 }), (steps) => {
        expect(heard(lived(steps))).toEqual(expected(steps))
      }),
    )
  })

  test('no message twice while checks live, whatever fails', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 3, arbitrary: failing }, change), { maxLength: 40 }),
        (steps) => {
          const { arrived } = lived(steps)
          expect(new Set(arrived.map(({ id }) => id)).size).toBe(arrived.length)
          expect(arrived.filter(({ repeat }) => repeat)).toEqual([])
        },
      ),
    )
  })

  test('a message comes again only after a death left it in doubt, once, and says so', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 3, arbitrary: mortal }, change), { maxLength: 60 }),
        (steps) => {
          const world = lived(steps)
          const byId = new Map<string, Arrived[]>()
          for (const one of world.arrived) byId.set(one.id, [...(byId.get(one.id) ?? []), one])
          for (const [id, [, ...again]] of byId) {
            expect(again.length).toBeLessThanOrEqual(1)
            if (again.length > 0) expect(world.inDoubt.has(id)).toBe(true)
            expect(again.every(({ repeat }) => repeat)).toBe(true)
          }
          for (const { id } of world.alerts)
            for (const channel of ['chat', 'pager']) {
              for (const event of ['start', 'end']) {
                const ids = new Set(world.of(id, channel, event).map((one) => one.id))
                expect(ids.size).toBeLessThanOrEqual(1)
              }
            }
        },
      ),
    )
  })

  test('nothing is lost: once checks live and channels are up, all that fires has been told, and all that was told ends', () => {
    const quiet = { dies: 'none', down: [], do: 'check' } as const
    fc.assert(
      fc.property(fc.array(mortal, { maxLength: 40 }), firedKeys, (steps, last) => {
        const world = lived(steps)
        const settle = (fired: readonly Key[]): void => {
          for (let i = 0; i < 3; i++) world.run({ ...quiet, fired, after: 3 })
        }
        settle(last)
        const given = (alertId: number, channel: string): boolean =>
          world.deliveries.some(
            (one) => one.alertId === alertId && one.channel === channel && one.state === 'unknown',
          )
        for (const { id, rule, endedAt } of world.alerts.filter((one) => one.endedAt === null)) {
          expect(endedAt).toBeNull()
          const hearing = channels.filter(
            ({ severity }) => severity === 'info' || rule.severity === 'critical',
          )
          for (const { name } of hearing)
            expect(world.of(id, name, 'start').length > 0 || given(id, name)).toBe(true)
        }
        settle([])
        for (const { id } of world.alerts)
          for (const { name } of channels) {
            const told = world.of(id, name, 'start').length > 0
            if (told) expect(world.of(id, name, 'end').length > 0 || given(id, name)).toBe(true)
          }
        expect(world.deliveries.filter(({ state }) => state === 'sending' || state === 'failed')).toEqual([])
      }),
    )
  })

  test('a check beside another sends nothing that the other has in hand', () => {
    const at = { at: 0, wall: 0, leaseMs }
    const alerts = observe([], [ruleOf('a')], 0, 1)
    const first = due(alerts, [], channels, at)
    expect(first.map(({ channel, event }) => `${channel} ${event}`)).toEqual(['chat start', 'pager start'])
    expect(due(alerts, first, channels, { ...at, wall: leaseMs - 1 })).toEqual([])
    const over = observe(alerts, [], minute, 2)
    expect(due(over, first, channels, { ...at, wall: leaseMs - 1 })).toEqual([])
    expect(due(alerts, first, channels, { ...at, wall: leaseMs }).map(({ doubtful }) => doubtful)).toEqual([
      true,
      true,
    ])
  })
})

/** The same world with its ledger in DuckDB. */
async function livedInStore(steps: readonly Timed[]): Promise<Arrived[]> {
  const db = await Database.open(':memory:', 'write', { threads: 1 })
  await db.run("ATTACH ':memory:' AS store")
  await db.run('USE store')
  await db.run('CREATE TABLE meta (key VARCHAR NOT NULL, value VARCHAR)')
  for (const statement of migrations.flat()) await db.run(statement)
  await db.run('USE memory')
  const arrived: Arrived[] = []
  let at = 0
  for (const step of steps) {
    const before = await loadLedger(db)
    const world = new World()
    Object.assign(world, { at, alerts: [...before.alerts], deliveries: [...before.deliveries] })
    world.nextId = before.nextId
    world.run(step)
    at = world.at
    arrived.push(...world.arrived)
    if (step.do !== 'check') {
      await replaceAlerts(db, world.alerts)
      continue
    }
    if (step.dies === 'before') continue
    const results = world.deliveries.filter(({ id }) => world.results.has(id))
    const recorded = world.planned
    await record(db, { alerts: world.alerts, deliveries: recorded, at })
    await recordResults(db, results)
  }
  db.close()
  return arrived
}

test('the ledger in the store forgets nothing that matters', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof({ weight: 3, arbitrary: mortal }, change), { maxLength: 25 }),
      async (steps) => {
        expect(await livedInStore(steps)).toEqual(lived(steps).arrived)
      },
    ),
    { numRuns: tries(3, 15) },
  )
})
