/** Versions of bills in several stores: what they say, what counts of them by the rule, and merging as the command does. */
import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { openStoreForReading } from '../../src/db/store.js'
import { writeCharges, type OtherBills } from '../../src/ingest/bills/other-stores.js'
import type { IngestSummary } from '../../src/ingest/summary.js'
import { askAll, ingestInto, Workshop, write } from './ingesting.js'

/** Of the test that imports this, which closes it. */
export const workshop = new Workshop()

const header =
  'start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,quantity,line_item,project_id,organization_id'
const start = (day: number): number => Date.UTC(2026, 8, day) / 1000

const items = ['input', 'output', 'cached input'] as const

/**
 * A version of the bill of an organisation: each of its days has the same line items. Two versions may share all,
 * some or none of them, so that one is replaced that replaces a third all the same.
 */
interface Version {
  readonly org: string
  readonly days: readonly number[]
  readonly items: readonly (typeof items)[number][]
  /** Of its items, in hundredths of a millionth of a dollar. */
  readonly amounts: readonly number[]
}

const version = fc
  .record({
    org: fc.constantFrom('org-a', 'org-a', 'org-a', 'org-b'),
    days: fc.uniqueArray(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
    items: fc.subarray([...items], { minLength: 1, maxLength: 2 }),
    amounts: fc.array(fc.integer({ min: -(10 ** 6), max: 10 ** 9 }), { minLength: 2, maxLength: 2 }),
  })
  .map((one) => ({ ...one, amounts: one.amounts.slice(0, one.items.length) }))

const places = ['a', 'b', 'both', 'team', 'a and team'] as const
type Delivered = readonly [Version, (typeof places)[number]]

export const anywhere = fc.array(fc.tuple(version, fc.constantFrom(...places)), {
  minLength: 2,
  maxLength: 4,
})

/** Three versions of which the first shares an item with the second alone, which the third replaces in their store. */
export const replacedElsewhere = fc
  .tuple(
    version,
    fc.shuffledSubarray([...items], { minLength: 2, maxLength: 2 }),
    fc.shuffledSubarray(['a', 'b', 'team'] as const, { minLength: 2, maxLength: 2 }),
  )
  .map(([{ org, days, amounts }, both, stores]): Delivered[] => {
    const of = (own: Version['items'], more: number): Version => ({
      org,
      days,
      items: own,
      amounts: own.map((_, i) => (amounts[i] ?? 0) + more),
    })
    return [
      [of([both[0]!], 1), stores[0]!],
      [of(both, 2), stores[1]!],
      [of([both[1]!], 3), stores[1]!],
    ]
  })

const dollars = (amount: number): string =>
  `${amount < 0 ? '-' : ''}${Math.trunc(Math.abs(amount) / 10 ** 8)}.${String(Math.abs(amount) % 10 ** 8).padStart(8, '0')}`

export const csvOf = ({ org, days, items, amounts }: Version): string =>
  `${header}\n${days
    .flatMap((day) =>
      amounts.map(
        (amount, i) =>
          `${start(day)},${start(day + 1)},x,x,${dollars(amount + day)},usd,,"gpt-4o, ${items[i]}",p,${org}\n`,
      ),
    )
    .join('')}`

/**
 * The sum by the rule: a day of a version counts unless a newer version of that organisation has the day and shares a
 * line item, whether that one counts or not.
 */
export function sumOf(versions: readonly Version[]): bigint {
  const sums = versions.flatMap(({ org, days, items: own, amounts }, i) =>
    days
      .filter(
        (day) =>
          !versions
            .slice(i + 1)
            .some(
              (newer) =>
                newer.org === org &&
                newer.days.includes(day) &&
                newer.items.some((item) => own.includes(item)),
            ),
      )
      .map((day) => amounts.reduce((sum, amount) => sum + BigInt(amount + day), 0n)),
  )
  return sums.reduce((sum, amount) => sum + amount, 0n)
}

/** Writes versions as files, each a moment newer than the one before; or all of one moment, for their content to decide. */
export function filesOf(versions: readonly Version[], atOnce = false): string[] {
  const room = workshop.room()
  return versions.map((one, i) => {
    const path = write(join(room, `costs ${String.fromCharCode(97 + i)}.csv`), csvOf(one))
    const made = 1_780_000_000 + (atOnce ? 0 : i * 1000)
    utimesSync(path, made, made)
    return path
  })
}

/** Merges the bills of a store into another, as the command does. */
export async function mergeBillsOf(
  other: string,
  into: string,
  replace = false,
  dryRun = false,
  account?: string,
): Promise<IngestSummary> {
  const room = workshop.room()
  const carried = { charges: join(room, 'charges.parquet'), replaced: join(room, 'replaced.parquet') }
  const db = await openStoreForReading(other, { threads: 1, memoryLimit: '512MiB', lockTimeoutMs: 5_000 }, [
    room,
  ])
  try {
    const bills: OtherBills[] = [
      { store: other, label: 'other', carried, bills: await writeCharges(db, 'other', carried) },
    ]
    const read = account === undefined ? {} : { read: { map: {}, set: { account } } }
    return await ingestInto(into, [], { bills, replace, dryRun, ...read })
  } finally {
    db.close()
  }
}

export const questions = [
  `SELECT f.path, b.* EXCLUDE (file_id) FROM billed b JOIN files f ON f.file_id = b.file_id ORDER BY ALL`,
  // What is replaced wholly is not carried: a store may have it or not.
  `SELECT f.path, b.* EXCLUDE (file_id) FROM bills b JOIN files f ON f.file_id = b.file_id WHERE charges > replaced ORDER BY ALL`,
  `SELECT CAST(CAST(coalesce(sum(billed_cost), 0) * 100000000 AS BIGINT) AS VARCHAR) AS n FROM billed`,
]

/** The sum of all charges that count, in hundredths of a millionth of a dollar. */
export const counts = async (store: string): Promise<unknown> =>
  (await askAll(store, [questions[2]!]))[0]![0]!['n']
