/** Dates and numbers as spreadsheets write them: the whole column decides, and what it leaves open is refused. */
import fc from 'fast-check'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { write, type Choices } from '../../property/ingesting.js'
import { ask, ingestInto } from '../../property/ingesting.js'
import { workshop } from './reading.js'

afterAll(() => workshop.close())

interface Got {
  readonly state: string
  readonly note: string | null
  readonly rejected: number
  readonly calls: readonly (readonly [ts: string, input: string | null, cost: string | null])[]
}

const header = 'date,model,input_tokens,output_tokens,cost'

/** @param rows cells of date, input tokens and cost */
async function read(rows: readonly (readonly string[])[], read: Choices['read'] = {}): Promise<Got> {
  const lines = rows.map(([date = '', input = '', cost = '']) => `"${date}",gpt-4o,"${input}",7,"${cost}"`)
  const path = write(join(workshop.room(), 'sheet.csv'), [header, ...lines, ''].join('\n'))
  const db = workshop.store()
  const { files } = await ingestInto(db, [path], { read })
  const [file] = files
  const calls =
    file!.state === 'refused'
      ? []
      : await ask(
          db,
          'SELECT CAST(ts AS VARCHAR) AS ts, CAST(input_tokens AS VARCHAR) AS input, CAST(reported_cost_usd AS VARCHAR) AS cost FROM calls ORDER BY line',
        )
  return {
    state: file!.state,
    note: file!.note,
    rejected: file!.rejected,
    calls: calls.map((c) => [String(c['ts']), c['input'] as string | null, c['cost'] as string | null]),
  }
}

const times = (got: Got): readonly string[] => got.calls.map(([ts]) => ts)

describe('dates', () => {
  test('a day above 12 settles the whole column', async () => {
    const american = await read([
      ['10/05/2026', '1'],
      ['10/13/2026', '1'],
    ])
    expect(times(american)).toEqual(['2026-10-05 00:00:00', '2026-10-13 00:00:00'])
    expect(american.note).toContain('month, day, year')
    const european = await read([
      ['10/05/2026', '1'],
      ['13/05/2026 15:04', '1'],
    ])
    expect(times(european)).toEqual(['2026-05-10 00:00:00', '2026-05-13 15:04:00'])
    const dotted = await read([
      ['05.10.2026', '1'],
      ['13.10.2026', '1'],
    ])
    expect(times(dotted)).toEqual(['2026-10-05 00:00:00', '2026-10-13 00:00:00'])
  })

  test('what stays open is refused with both readings', async () => {
    for (const date of ['10/05/2026', '05.10.2026', '5-10-2026 3:04 PM']) {
      const got = await read([
        [date, '1'],
        ['01/01/2026', '1'],
      ])
      expect(got.state).toBe('refused')
      expect(got.note).toContain(date)
      expect(got.note).toContain('day, month, year or as month, day, year')
      expect(got.note).toContain('--date-order dmy or --date-order mdy')
    }
  })

  test('an option says it', async () => {
    expect(times(await read([['10/05/2026', '1']], { dateOrder: 'dmy' }))).toEqual(['2026-05-10 00:00:00'])
    expect(times(await read([['10/05/2026', '1']], { dateOrder: 'mdy' }))).toEqual(['2026-10-05 00:00:00'])
    expect(times(await read([['26/10/05', '1']], { dateOrder: 'ymd' }))).toEqual(['2026-10-05 00:00:00'])
    const impossible = await read([['13/05/2026', '1']], { dateOrder: 'mdy' })
    expect([impossible.calls.length, impossible.rejected]).toEqual([0, 1])
  })

  test.each([
    ['10/13/2026 3:04 PM', '2026-10-13 15:04:00'],
    ['10/13/2026, 12:00:01 AM', '2026-10-13 00:00:01'],
    ['10/13/2026 12:30 p.m.', '2026-10-13 12:30:00'],
    ['10/13/2026 23:04:05.25', '2026-10-13 23:04:05.25'],
    ['2026-10-13 3:04 PM', '2026-10-13 15:04:00'],
    ['13.10.2026 15:04', '2026-10-13 15:04:00'],
    ['10/13/2026 15:04 Z', '2026-10-13 15:04:00'],
    ['10/13/2026 15:04 +02:00', '2026-10-13 13:04:00'],
  ])('%s', async (written, moment) => {
    expect(times(await read([[written, '1']]))).toEqual([moment])
  })

  test('13 PM is no time', async () => {
    expect(await read([['10/13/2026 13:04 PM', '1']])).toMatchObject({ calls: [], rejected: 1 })
  })

  test("a spreadsheet's numbers of days, when all are", async () => {
    const got = await read([
      ['45935.33', '1'],
      ['45936', '1'],
    ])
    expect(times(got)).toEqual(['2025-10-05 07:55:12', '2025-10-06 00:00:00'])
    expect(got.note).toContain("spreadsheet's numbers of days")
    expect(
      (
        await read([
          ['0.5', '1'],
          ['45936', '1'],
        ])
      ).rejected,
    ).toBe(2)
  })

  test('are in the zone that --input-tz names', async () => {
    expect(
      times(
        await read(
          [
            ['13/01/2026 08:00', '1'],
            ['13/07/2026 08:00', '1'],
          ],
          { inputTz: 'Europe/Berlin' },
        ),
      ),
    ).toEqual(['2026-01-13 07:00:00', '2026-07-13 06:00:00'])
  })

  test('any column with a day above 12 comes out as it was written', async () => {
    const day = fc.date({
      min: new Date('2020-01-13T00:00:00Z'),
      max: new Date('2026-09-30T00:00:00Z'),
      noInvalidDate: true,
    })
    const column = fc
      .array(day, { minLength: 1, maxLength: 12 })
      .filter((days) => days.some((d) => d.getUTCDate() > 12))
    await fc.assert(
      fc.asyncProperty(column, fc.boolean(), fc.constantFrom('/', '.', '-'), async (days, dayFirst, mark) => {
        const written = days.map((d) => {
          const [day, month] = [d.getUTCDate(), d.getUTCMonth() + 1]
          return [[...(dayFirst ? [day, month] : [month, day]), d.getUTCFullYear()].join(mark), '1']
        })
        expect(times(await read(written))).toEqual(
          days.map((d) => `${d.toISOString().slice(0, 10)} 00:00:00`),
        )
      }),
      { numRuns: 10 },
    )
  })
})

const day = '2026-10-05'

describe('numbers', () => {
  test('grouped thousands in tokens', async () => {
    expect(
      (
        await read([
          [day, '1,812', '0.5'],
          [day, '12,345,678', '0.5'],
        ])
      ).calls.map(([, n]) => n),
    ).toEqual(['1812', '12345678'])
    expect(
      (
        await read([
          [day, '1,812', ''],
          [day, '812', ''],
        ])
      ).calls.map(([, n]) => n),
    ).toEqual(['1812', '812'])
  })

  test('a decimal comma anywhere makes the points group', async () => {
    const got = await read(
      [
        [day, '1.812', '0,0055 €'],
        [day, '96', '1.234,56'],
      ],
      { set: { currency_rate: '1' } },
    )
    expect(got.calls).toEqual([
      [`${day} 00:00:00`, '1812', '0.005500000000'],
      [`${day} 00:00:00`, '96', '1234.560000000000'],
    ])
    expect(got.note).toContain('decimal comma')
  })

  test('never a thousand times in silence', async () => {
    const got = await read([[day, '1.812', '']])
    expect(got.state).toBe('refused')
    expect(got.note).toContain('1.812 can be read as 1812')
    expect(got.note).toContain('--decimal')
    expect((await read([[day, '', '1,234']])).state).toBe('refused')
    expect((await read([[day, '1.812', '0.5']])).rejected).toBe(1)
    expect(
      (
        await read([
          [day, '1.812', ''],
          [day, '12.5', ''],
        ])
      ).rejected,
    ).toBe(2)
  })

  test('written both ways is refused', async () => {
    const got = await read([
      [day, '10', '0.5'],
      [day, '10', '0,25'],
    ])
    expect([got.state, got.note?.split('\n')[0]]).toEqual([
      'refused',
      'numbers are written both ways: 0.5 and 0,25',
    ])
  })

  test('an option says it', async () => {
    expect((await read([[day, '1.812', '']], { decimal: ',' })).calls.map(([, n]) => n)).toEqual(['1812'])
    expect((await read([[day, '1,812', '1,234']], { decimal: '.' })).calls.map(([, n, c]) => [n, c])).toEqual(
      [['1812', '1234.000000000000']],
    )
    expect((await read([[day, '1.812', '']], { decimal: '.' })).rejected).toBe(1)
  })

  test.each([
    ['$1,234.56', '1234.560000000000'],
    ['0.0055 USD', '0.005500000000'],
    ['USD 1 234.50', '1234.500000000000'],
    ["1'234.5", '1234.500000000000'],
  ])('%s', async (written, cost) => {
    expect((await read([[day, '10', written]])).calls.map(([, , c]) => c)).toEqual([cost])
  })

  test('a clean file says nothing', async () => {
    expect(await read([[day, '1812', '1.812']])).toMatchObject({
      note: null,
      calls: [[`${day} 00:00:00`, '1812', '1.812000000000']],
    })
  })
})

test('files of one run decide each for itself', async () => {
  const room = workshop.room()
  const one = (name: string, time: string): string =>
    write(join(room, name), `${JSON.stringify({ time, model: 'gpt-4o', input_tokens: 1 })}\n`)
  const db = workshop.store()
  const files = [
    one('a.jsonl', '10/13/2026, 3:04:05 PM'),
    one('b.jsonl', '10/05/2026, 3:04:05 PM'),
    one('c.jsonl', `${day}T00:00:00Z`),
  ]
  const got = await ingestInto(db, files)
  expect(got.files.map(({ state }) => state)).toEqual(['read', 'refused', 'read'])
  expect(
    (await ask(db, 'SELECT CAST(ts AS VARCHAR) AS ts FROM calls ORDER BY ts')).map((row) => row['ts']),
  ).toEqual([`${day} 00:00:00`, '2026-10-13 15:04:05'])
})
