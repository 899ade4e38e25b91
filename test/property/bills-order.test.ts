/**
 * Bills that nothing but their content puts in order: made at one moment, in one form, of overlapping days, some
 * sharing line items and some not. Whatever the order in which they are read, the same charges count.
 */
import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { tries } from './seed.js'
import { askAll, forgetIn, ingestInto, Workshop, write } from './ingesting.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

/** A charge of a day of September 2026, for an item, in hundredths of a dollar. */
interface Line {
  readonly day: number
  readonly item: string
  readonly amount: number
}

interface Bill {
  readonly lines: readonly Line[]
  /** Which moment it was made at, of two. */
  readonly made: number
  readonly account: string
}

const line = fc.record({
  day: fc.integer({ min: 1, max: 3 }),
  item: fc.constantFrom('input', 'output', 'cached input'),
  amount: fc.integer({ min: 1, max: 9999 }),
})

const bill = fc.record({
  lines: fc.array(line, { minLength: 1, maxLength: 6 }),
  made: fc.constantFrom(0, 0, 0, 1),
  account: fc.constantFrom('org', 'org', 'other', ''),
})

/** Three bills: the second says the same of the same as the first, at other amounts, so that only the content tells which is newer. */
const bills = fc
  .tuple(bill, bill, fc.array(fc.integer({ min: 1, max: 9999 }), { minLength: 6, maxLength: 6 }))
  .map(([first, third, amounts]) => [
    first,
    { ...first, lines: first.lines.map((one, i) => ({ ...one, amount: amounts[i]! })) },
    third,
  ])

const header =
  'start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,quantity,line_item,project_id,organization_id'

const csvOf = ({ lines, account }: Bill): string =>
  `${header}\n${lines
    .map(({ day, item, amount }) => {
      const start = Date.UTC(2026, 8, day) / 1000
      return `${start},${start + 86_400},x,x,${(amount / 100).toFixed(2)},usd,,"gpt-4o, ${item}",p,${account}\n`
    })
    .join('')}`

/** What counts: the charges of each file, and what is known of the bill. */
const state = [
  `SELECT f.path, b.* EXCLUDE (file_id) FROM billed b JOIN files f ON f.file_id = b.file_id ORDER BY ALL`,
  `SELECT f.path, b.* EXCLUDE (file_id) FROM bills b JOIN files f ON f.file_id = b.file_id ORDER BY ALL`,
]

const moment = 1_780_000_000

const orders = <T>(all: readonly T[]): T[][] =>
  all.length < 2
    ? [[...all]]
    : all.flatMap((one, i) => orders(all.filter((_, j) => j !== i)).map((rest) => [one, ...rest]))

const filesOf = (bills: readonly Bill[]): string[] => {
  const room = workshop.room()
  return bills.map((one, i) => {
    const path = write(join(room, `bill ${i}.csv`), csvOf(one))
    const at = moment + one.made * 1000
    utimesSync(path, at, at)
    return path
  })
}

/** What a new database says after these runs. */
async function stateOf(runs: readonly (readonly string[])[]): Promise<unknown> {
  const db = workshop.store()
  for (const paths of runs) await ingestInto(db, [...paths])
  return askAll(db, state)
}

const of = (
  made: number,
  ...lines: readonly (readonly [day: number, item: string, amount: number])[]
): Bill => ({
  made,
  account: 'org',
  lines: lines.map(([day, item, amount]) => ({ day, item, amount })),
})

test.each([
  [
    'the last day of one is replaced by another',
    [
      of(0, [1, 'input', 1], [4, 'input', 2]),
      of(1, [4, 'input', 3]),
      of(0, [1, 'input', 5], [2, 'input', 7]),
    ],
  ],
  [
    'one is replaced that would have replaced a third',
    [of(0, [1, 'input', 1]), of(1, [1, 'input', 2], [1, 'output', 3]), of(2, [1, 'output', 4])],
  ],
  ['nothing but the content tells which is newer', [of(0, [1, 'input', 1]), of(0, [1, 'input', 2])]],
])('%s: in every order the same counts', async (_, given) => {
  const paths = filesOf(given)
  const expected = await stateOf([paths])
  for (const order of orders(paths)) expect(await stateOf(order.map((path) => [path]))).toEqual(expected)
})

test('bills of one moment and one form count alike in every order, and when one was taken out and is read again', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(bills, fc.array(bill, { minLength: 3, maxLength: 3 })),
      fc.nat(),
      fc.nat(),
      async (drawn, which, out) => {
        const paths = filesOf(drawn)
        const expected = await stateOf([paths])
        const order = orders(paths)[which % 6]!
        const db = workshop.store()
        for (const path of order) await ingestInto(db, [path])
        expect(await askAll(db, state)).toEqual(expected)
        expect(await stateOf(order.toReversed().map((path) => [path]))).toEqual(expected)
        const gone = paths[out % 3]!
        const rest = order.filter((path) => path !== gone)
        await forgetIn(db, [gone])
        await ingestInto(db, rest)
        expect(await askAll(db, state)).toEqual(await stateOf([rest]))
        await ingestInto(db, [gone])
        expect(await askAll(db, state)).toEqual(expected)
      },
    ),
    { numRuns: tries(6, 20) },
  )
})
