/** Cost centers that a rule alone names and that are much like another, against a plain search in all that is named. */
import fc from 'fast-check'
import { distance } from 'fastest-levenshtein'
import { describe, expect, test } from 'vitest'
import { allocate } from '../../src/bases/allocate.js'
import { nearCenters } from '../../src/bases/near-centers.js'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import type { Allocation, Sharing } from '../../src/domain/costs/allocation.js'

const whole = 1_000_000n

const to = (...names: readonly string[]): Sharing => ({
  to: Object.fromEntries(names.map((name) => [name, whole / BigInt(names.length)])),
})

const terms = (sharings: readonly Sharing[], centers: Allocation['centers'] = {}): Allocation => ({
  from: 'team',
  centers,
  shared: sharings.map((sharing) => ({ sharing })),
  costs: [],
})

/** Slips that are told, as `slip of meant`. */
async function told(teams: readonly string[], allocation: Allocation): Promise<readonly string[]> {
  const db = await Database.open(':memory:', 'write', { threads: 1 })
  try {
    await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
    await db.run('USE store')
    for (const [i, team] of teams.entries())
      await db.run(
        `INSERT INTO store.main.calls BY NAME SELECT $id AS call_id, 'test' AS source, TIMESTAMP '2026-09-01' AS ts, 'chat' AS operation,
          $team AS team, 1.5 AS cost_usd, 10 AS total_tokens`,
        { id: `call-${i}`, team },
      )
    await allocate(db, allocation, { asOf: new Date('2026-10-01T00:00:00Z'), hasBeside: false })
    const found = await nearCenters(db, allocation)
    return found.map((text) =>
      text.replace(/.*cost center (.*), which no.*much like (.*): if.*/s, '$1 of $2'),
    )
  } finally {
    db.close()
  }
}

describe('what is told', () => {
  test.each<[string, readonly string[], Allocation, readonly string[]]>([
    ['a slip of a label', ['search', 'support'], terms([to('serach', 'support')]), ['serach of search']],
    ['other case and signs', ['Data Science'], terms([to('data-science')]), ['data-science of Data Science']],
    ['a slip of a declared center', [], terms([to('prodct')], { product: ['chat'] }), ['prodct of product']],
    [
      'the rarer of two',
      [],
      terms([to('a-team', 'suport'), to('support'), to('support')]),
      ['suport of support'],
    ],
    ['a name in another script', ['поиск'], terms([to('поикс')]), ['поикс of поиск']],
  ])('%s', async (_, teams, allocation, expected) => {
    expect(await told(teams, allocation)).toEqual(expected)
  })

  test.each<[string, readonly string[], Allocation]>([
    ['a center of its own', ['search'], terms([to('platform')])],
    ['one whose calls are all shared', ['platform', 'platforms'], terms([to('platform')])],
    ['one that is declared', ['team-1'], terms([to('team-2')], { 'team-2': ['team-2'] })],
    ['shares of the centers themselves', ['search', 'serach'], terms([{ by: 'cost' }])],
    ['short names', ['qa', 'ml'], terms([to('db', 'ui')])],
    ['values that a declared center took', ['serach'], terms([to('search')], { search: ['serach'] })],
  ])('nothing of %s', async (_, teams, allocation) => {
    expect(await told(teams, allocation)).toEqual([])
  })

  test('the same as a plain search finds, whatever the names', async () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '-', 'A'), minLength: 1, maxLength: 6 })
    const names = fc.uniqueArray(name, { maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(names, names, names, async (teams, declared, receivers) => {
        if (receivers.length === 0) return
        const centers = Object.fromEntries(declared.map((one) => [one, [`value of ${one}`]]))
        expect(
          await told(
            teams,
            terms(
              receivers.map((one) => to(one)),
              centers,
            ),
          ),
        ).toEqual(slips([...declared, ...teams], receivers))
      }),
      { numRuns: 30 },
    )
  })
})

const letters = (name: string): string => name.toLowerCase().replaceAll('-', '')

function slips(known: readonly string[], receivers: readonly string[]): readonly string[] {
  const lone = receivers.filter((one) => !known.includes(one))
  return lone.toSorted(byCode).flatMap((one) => {
    const others = [...known, ...lone.filter((other) => byCode(other, one) < 0)]
    const near = others
      .map((other) => ({
        other,
        slips: distance(letters(one), letters(other)),
        length: letters(other).length,
      }))
      .filter((pair) => pair.slips <= Math.min(2, Math.floor(Math.min(letters(one).length, pair.length) / 2)))
      .toSorted((a, b) => a.slips - b.slips || byCode(a.other, b.other))[0]
    return near === undefined ? [] : [`${one} of ${near.other}`]
  })
}

const byCode = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
