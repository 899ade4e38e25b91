/** Incidents are one a cause: in worlds whose causes are known, and by the laws that hold in any. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { draftOf } from '../../src/anomalies/build.js'
import type { Costs } from '../../src/anomalies/causes.js'
import { daysToMeasure, hoursBySeries, type SeriesHours } from '../../src/anomalies/figures.js'
import { flagsTogether, piecesOf } from '../../src/anomalies/grouping.js'
import { seriesId, type Flag, type Group } from '../../src/anomalies/incidents.js'
import {
  begin,
  costsOfWorld,
  flagsOfWorld,
  groupsOfWorld,
  hours,
  seriesOfWorld,
  type Burst,
  type World,
} from './cause-worlds.js'
import { tries } from './seed.js'

const everybody = Array.from({ length: 20 }, (_, i) => i)
const world = (...bursts: Partial<Burst>[]): World => ({
  features: 4,
  users: 20,
  each: 0.05,
  bursts: bursts.map((burst) => ({
    features: everybody,
    users: everybody,
    from: 60,
    length: 3,
    times: 1,
    extra: 0,
    ...burst,
  })),
})

const setting = { tz: 'UTC', historyDays: 28, by: ['feature', 'user_id'], drivers: [] }

/** What each incident is told by, with its dollars above the norm, to the cent. */
function told(one: World): string[] {
  const costs = costsOfWorld(one)
  const groups = groupsOfWorld(flagsOfWorld(one, costs), costs)
  const rows = hoursOf(one, costs)
  return groups.map((group) => {
    const { lead } = draftOf(group, groups, rows, setting)
    return `${lead.value === '' ? 'all' : lead.value} ${(Number(lead.excess) / 1e12).toFixed(2)}`
  })
}

function hoursOf(one: World, costs: Costs): SeriesHours {
  const rows = seriesOfWorld(one).flatMap((series) =>
    Array.from({ length: hours }, (_, hour) => {
      const { cost, norm } = costs.of(series, hour, hour + 1)
      return { ...series, hour, exact_usd: cost.toFixed(9), norm_usd: norm }
    }),
  )
  return hoursBySeries(rows)
}

describe('one incident a cause', () => {
  test('one user in one feature', () => {
    expect(told(world({ features: [1], users: [3], extra: 10 }))).toEqual(['u3 30.00'])
  })
  test('two features of one user', () => {
    expect(told(world({ features: [1, 2], users: [3], extra: 5 }))).toEqual(['u3 30.00'])
  })
  test('two features of two users', () => {
    const found = told(
      world({ features: [1], users: [3], extra: 10 }, { features: [2], users: [4], extra: 9, from: 61 }),
    )
    expect(found).toEqual(['u3 30.00', 'u4 27.00'])
  })
  test('two features, each of everybody', () => {
    const found = told(
      world(
        { features: [1], users: everybody, extra: 0.5 },
        { features: [2], users: everybody, extra: 0.45 },
      ),
    )
    expect(found).toEqual(['f1 30.00', 'f2 27.00'])
  })
  test('a feature of many users', () => {
    expect(told(world({ features: [1], users: everybody.slice(6), extra: 1 }))).toEqual(['f1 42.00'])
  })
  test('all calls three times as dear', () => {
    expect(told(world({ times: 4 }))).toEqual(['all 36.00'])
  })
  test('a small burst in the feature of a large one is told by itself', () => {
    const found = told(
      world({ features: [1], users: [3], extra: 20 }, { features: [1], users: [4], extra: 2 }),
    )
    expect(found.toSorted()).toEqual(['u3 60.00', 'u4 6.00'])
  })
  test('a user amid all calls three times as dear', () => {
    const found = told(world({ times: 3, length: 6 }, { features: [2], users: [7], extra: 15, from: 63 }))
    expect(found).toHaveLength(2)
    expect(found[1]).toMatch(/^u7 /)
  })
  test('an office that goes on after a night is one', () => {
    const days = [0, 1, 2].map((day) => ({
      features: [1],
      users: [3],
      extra: 20,
      from: 56 + day * 24,
      length: 9,
    }))
    expect(told(world(...days))).toHaveLength(1)
  })
})

const burst: fc.Arbitrary<Burst> = fc.record({
  features: fc.subarray([0, 1, 2], { minLength: 1 }),
  users: fc.subarray([0, 1, 2, 3, 4], { minLength: 1 }),
  from: fc.integer({ min: begin, max: hours - 1 }),
  length: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 6, max: 40 })),
  times: fc.constantFrom(1, 1, 3, 6),
  extra: fc.constantFrom(0, 0.3, 1, 5),
})
const worlds: fc.Arbitrary<World> = fc.record({
  features: fc.constant(3),
  users: fc.constant(5),
  each: fc.constantFrom(0.02, 0.2),
  bursts: fc.array(burst, { minLength: 1, maxLength: 4 }),
})

const idOf = (flag: Flag): string => `${flag.kind} ${flag.hour} ${seriesId(flag)}`
const namesOf = (groups: readonly Group[]): string[] =>
  groups.map(({ flags }) => flags.map(idOf).toSorted().join()).toSorted()

describe('in any world', () => {
  test('each flag belongs to one incident, whatever the order of the flags', () => {
    fc.assert(
      fc.property(worlds, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (one, random) => {
        const costs = costsOfWorld(one)
        const flags = flagsOfWorld(one, costs)
        const groups = groupsOfWorld(flags, costs)
        expect(groups.flatMap((group) => group.flags.map(idOf)).toSorted()).toEqual(
          flags.map(idOf).toSorted(),
        )
        const shuffled = flags
          .map((flag) => ({ flag, key: random.next().value as number }))
          .toSorted((a, b) => a.key - b.key)
          .map(({ flag }) => flag)
        expect(namesOf(groupsOfWorld(shuffled, costs))).toEqual(namesOf(groups))
      }),
      { numRuns: tries(16, 40) },
    )
  })

  test('an incident that is told at an hour is never parted later, and keeps its beginning', () => {
    fc.assert(
      fc.property(worlds, (one) => {
        const costs = costsOfWorld(one)
        const flags = flagsOfWorld(one, costs)
        const whole = groupsOfWorld(flags, costs)
        for (let hour = begin; hour < hours; hour += 3) {
          for (const { flags: then } of groupsOfWorld(
            flags.filter((flag) => flag.hour <= hour),
            costs,
          )) {
            const now = whole.filter((group) => group.flags.some((flag) => then.includes(flag)))
            expect(now).toHaveLength(1)
            expect(then.every((flag) => now[0]?.flags.includes(flag))).toBe(true)
            expect(now[0]?.flags[0]?.hour).toBeLessThanOrEqual(then[0]?.hour ?? 0)
          }
        }
        const starts = (groups: readonly Group[]) => groups.map((group) => group.flags[0]?.hour)
        expect(starts(whole)).toEqual(starts(whole).toSorted((a, b) => (a ?? 0) - (b ?? 0)))
      }),
      { numRuns: tries(16, 40) },
    )
  })

  test('no dollar of a dimension is counted twice, nor more than all calls have', () => {
    fc.assert(
      fc.property(worlds, (one) => {
        const costs = costsOfWorld(one)
        const flags = flagsOfWorld(one, costs)
        const groups = groupsOfWorld(flags, costs)
        const rows = hoursOf(one, costs)
        const drafts = groups.map((group) => draftOf(group, groups, rows, setting))
        for (const family of [1, 2]) {
          const own = drafts.filter(({ lead }) => lead.family === family)
          // No series' hour belongs to two incidents.
          const claimed = own.flatMap(({ lead, measured }) =>
            Array.from(
              { length: measured.until - measured.since },
              (_, i) => `${lead.value} ${measured.since + i}`,
            ),
          )
          expect(new Set(claimed).size).toBe(claimed.length)
          const since = Math.min(...own.map(({ measured }) => measured.since))
          const until = Math.max(...own.map(({ measured }) => measured.until))
          if (own.length === 0) continue
          const all = costs.of({ family: 0, value: '' }, since, until)
          const sum = own.reduce((total, { lead }) => total + Number(lead.excess) / 1e12, 0)
          expect(sum).toBeLessThanOrEqual(all.cost - all.norm + 1e-6)
        }
      }),
      { numRuns: tries(16, 40) },
    )
  })

  test('all that is needed is asked for', () => {
    fc.assert(
      fc.property(worlds, (one) => {
        const costs = costsOfWorld(one)
        const flags = flagsOfWorld(one, costs)
        const days = daysToMeasure(flagsTogether(piecesOf(flags)))
        const asked = new Set(days.map(({ day, ...series }) => `${day} ${seriesId(series)}`))
        expect(asked.size).toBe(days.length)
        const missing = new Set<string>()
        const watched = {
          ...costs,
          of: (...[series, since, until]: Parameters<typeof costs.of>) => {
            for (let hour = since; hour < until; hour++) {
              const id = `${Math.floor(hour / 24)} ${seriesId(series)}`
              if (!asked.has(id)) missing.add(id)
            }
            return costs.of(series, since, until)
          },
        }
        const groups = groupsOfWorld(flags, watched)
        const rows = hoursOf(one, costs)
        for (const group of groups) {
          const { measured, lead } = draftOf(group, groups, rows, setting)
          watched.of(lead, measured.since, measured.until)
        }
        expect([...missing]).toEqual([])
      }),
      { numRuns: tries(16, 40) },
    )
  })
})
