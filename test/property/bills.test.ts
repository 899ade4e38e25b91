/** Bills that are corrected, split, copied and read in any order: what counts is what the newest ones say. */
import { readFileSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { askAll, forgetIn, ingestInto, Workshop, write } from './ingesting.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

interface Line {
  /** Day of September 2026. */
  readonly day: number
  readonly project: string
  readonly item: string
  /** In hundredths of a millionth of a dollar. */
  readonly amount: number
}

const items = ['gpt-4o, input', 'gpt-4o, output', 'Promotional credit']

const line = fc.record({
  day: fc.integer({ min: 1, max: 4 }),
  project: fc.constantFrom('a', 'b'),
  item: fc.constantFrom(...items),
  amount: fc.integer({ min: -1_000_000, max: 10 ** 9 }),
})

/** Versions of one bill: the later ones hold the days from the first on, as exports do. */
const versions = fc.array(fc.array(line, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 3 })

const dollars = (amount: number): string =>
  `${amount < 0 ? '-' : ''}${Math.trunc(Math.abs(amount) / 10 ** 8)}.${String(Math.abs(amount) % 10 ** 8).padStart(8, '0')}`

const header =
  'start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,quantity,line_item,project_id,organization_id'

const csvOf = (lines: readonly Line[]): string =>
  `${header}\n${lines
    .map(({ day, project, item, amount }) => {
      const start = Date.UTC(2026, 8, day) / 1000
      return `${start},${start + 86_400},x,x,${dollars(amount)},usd,,"${item}",${project},org\n`
    })
    .join('')}`

/** What counts by the rule of bills: of each day, the newest version that has it, if it shares a line item. */
function counting(all: readonly (readonly Line[])[]): bigint {
  let kept: Line[] = []
  for (const lines of all) {
    const key = ({ day, project, item }: Line): string => [day, project, item].join()
    const days = new Set(lines.map(({ day }) => day))
    // Every line has the same labels, so that versions of a day replace each other only if they share a line item.
    const shared = new Set(
      [...days].filter((day) => {
        const mine = new Set(lines.filter((one) => one.day === day).map(key))
        return kept.some((one) => one.day === day && mine.has(key(one)))
      }),
    )
    kept = [...kept.filter(({ day }) => !shared.has(day)), ...lines]
  }
  return kept.reduce((sum, { amount }) => sum + BigInt(amount), 0n)
}

/** The sum that a store says, in the same units. */
async function summed(db: string): Promise<bigint> {
  const [rows = []] = await askAll(db, ['SELECT CAST(sum(billed_cost) AS VARCHAR) AS n FROM billed'])
  const text = String(rows[0]!['n'] ?? '0')
  const [whole = '0', part = ''] = text.replace('-', '').split('.')
  const units = BigInt(whole) * 10n ** 8n + BigInt(part.padEnd(8, '0').slice(0, 8))
  return text.startsWith('-') ? -units : units
}

/** Each version holds every line item of each of its days, as an export of a whole organization does. */
const whole = (lines: readonly Line[]): Line[] =>
  [...new Set(lines.map(({ day }) => day))].flatMap((day) => [
    { day, project: 'a', item: items[0]!, amount: day },
    ...lines.filter((one) => one.day === day),
  ])

test('the newest version of each day counts, whatever order, name and container', async () => {
  await fc.assert(
    fc.asyncProperty(versions, fc.boolean(), fc.boolean(), async (drawn, inOneRun, reversed) => {
      const all = drawn.map(whole)
      const room = workshop.room()
      const paths = all.map((lines, i) => {
        const path = write(join(room, `costs ${i}.csv`), csvOf(lines))
        utimesSync(path, 1_780_000_000 + i * 1000, 1_780_000_000 + i * 1000)
        return path
      })
      const order = reversed ? paths.toReversed() : paths
      const db = workshop.store()
      for (const run of inOneRun ? [order] : order.map((path) => [path])) {
        const { files } = await ingestInto(db, run)
        for (const file of files) {
          const { lines, imported, duplicates, superseded, skipped, rejected } = file
          expect(lines).toBe(imported + duplicates + superseded + skipped + rejected)
          expect([file.state, rejected]).toEqual(['read', 0])
        }
      }
      expect(await summed(db)).toBe(counting(all))
      const before = await askAll(db, [
        'SELECT * FROM billed ORDER BY ALL',
        'SELECT * FROM bills ORDER BY ALL',
      ])
      // A copy under another name, packed, and newer by its time: the same bill.
      const copy = write(join(room, 'copy.csv.gz'), gzipSync(csvOf(all[0]!)))
      const { files } = await ingestInto(db, [copy, ...paths])
      expect(files.find(({ state }) => state === 'read')).toMatchObject({ imported: 0, superseded: 0 })
      expect(
        await askAll(db, ['SELECT * FROM billed ORDER BY ALL', 'SELECT * FROM bills ORDER BY ALL']),
      ).toEqual(before)
      // Taken out and read again, all is as it was.
      await forgetIn(db, [copy, paths.at(-1)!])
      await ingestInto(db, paths)
      expect(await summed(db)).toBe(counting(all))
      await forgetIn(db, paths)
      expect(
        await askAll(db, ['SELECT count(*) AS n FROM billed', 'SELECT count(*) AS n FROM bills']),
      ).toEqual([[{ n: 0 }], [{ n: 0 }]])
    }),
    { numRuns: 4 },
  )
})

const bits = [
  '"',
  ',',
  '\n',
  '{',
  ']',
  'null',
  '-',
  '1e400',
  'NaN',
  '9'.repeat(40),
  "'",
  '\u0000',
  '\u001b[31m',
  '\\',
  '2026-13-45',
  '\ud800',
  ';',
  '\r\n',
  '"a":"b"',
]

test('whatever is torn in a bill, no record is lost and nothing fails', async () => {
  const names = [
    'openai/api/2026-05.json',
    'anthropic/api/2026-05.usage.json',
    'anthropic/console/claude_api_cost_2026_09.csv',
    'aws-cur/cur2-bedrock.csv',
    'gcp/detailed-export.jsonl',
    'focus/versions/focus-1.4.csv',
  ]
  const tear = fc.record({
    at: fc.nat(),
    bit: fc.constantFrom(...bits),
    length: fc.integer({ min: 0, max: 5 }),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...names),
      fc.array(tear, { minLength: 1, maxLength: 4 }),
      async (name, tears) => {
        const whole = readFileSync(new URL(`../../fixtures/bills/${name}`, import.meta.url), 'utf8')
        const text = tears.reduce((now, { at, bit, length }) => {
          const from = at % now.length
          return now.slice(0, from) + bit + now.slice(from + length)
        }, whole)
        const { files } = await ingestInto(workshop.store(), [write(join(workshop.room(), name), text)])
        const { lines, imported, duplicates, superseded, skipped, rejected, note } = files[0]!
        expect(lines).toBe(imported + duplicates + superseded + skipped + rejected)
        expect(note ?? '').not.toContain('it could not be read:')
      },
    ),
    { numRuns: 12 },
  )
})

test('files of one delivery never replace each other, and a newer delivery replaces all of them', async () => {
  const part = (rows: readonly string[]): string =>
    `bill_billing_period_start_date,bill_payer_account_id,line_item_line_item_type,line_item_usage_start_date,line_item_usage_type,line_item_usage_amount,line_item_currency_code,line_item_unblended_cost\n${rows.map((row) => `2026-09-01,1,Usage,${row}\n`).join('')}`
  const room = workshop.room()
  const first = ['2026-09-01,x,1,USD,1', '2026-09-02,x,1,USD,2'].map((row, i) =>
    write(join(room, 'one', `report-0000${i + 1}.csv`), part([row])),
  )
  const second = ['2026-09-01,x,1,USD,5'].map((row, i) =>
    write(join(room, 'two', `report-0000${i + 1}.csv`), part([row])),
  )
  const now = Date.now() / 1000
  for (const path of first) utimesSync(path, now - 100, now - 100)
  const db = workshop.store()
  await ingestInto(db, [first[1]!])
  await ingestInto(db, [first[0]!])
  expect(await summed(db)).toBe(3n * 10n ** 8n)
  // The month counts as a whole: the second day is gone from the newer report.
  const { notes } = await ingestInto(db, second)
  expect(await summed(db)).toBe(5n * 10n ** 8n)
  expect(notes.join()).toContain('takes the place of')
  // What the newer had replaced comes back when it is taken out.
  await forgetIn(db, second)
  await ingestInto(db, first)
  expect(await summed(db)).toBe(3n * 10n ** 8n)
})
