/** Cursor's usage as tables and pages. The four counts are apart from each other and add up to the total. */
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { ask, ingestInto, write } from '../../property/ingesting.js'
import { fixtures, readFiles, workshop } from './reading.js'

afterAll(() => workshop.close())

const sums = `SELECT count(*) AS calls, sum(input_tokens) AS input, sum(cache_read_input_tokens) AS read, sum(cache_creation_input_tokens) AS write,
  sum(output_tokens) AS output, CAST(sum(reported_cost_usd) AS DOUBLE) AS cost FROM calls`

async function sumsOf(...paths: readonly string[]): Promise<unknown[]> {
  const store = workshop.store()
  await ingestInto(store, paths)
  return Object.values((await ask(store, sums))[0]!)
}

const at = (name: string): string => join(fixtures, 'cursor', name)
const table = (header: string, ...rows: readonly string[]): string =>
  write(join(workshop.room(), 'usage.csv'), [header, ...rows, ''].join('\n'))
const page = (...events: readonly unknown[]): string =>
  write(
    join(workshop.room(), 'page.json'),
    JSON.stringify({ totalUsageEventsCount: events.length, usageEventsDisplay: events }, null, 2),
  )

const tokens = 'Input (w/ Cache Write),Input (w/o Cache Write),Cache Read,Output Tokens,Total Tokens'

test('the three layouts, each count apart', async () => {
  expect(await sumsOf(at('v1-usage-events.csv'))).toEqual([2, 15, 0, 10, 20, 0.15])
  // 28,342 + 775 + 105,891 = 135,008 and 0 + 8,263 + 66,964 = 75,227
  expect(await sumsOf(at('v2-usage-events-2025-11-13.csv'))).toEqual([2, 210235, 172855, 28342, 22894, 0.22])
  expect(await sumsOf(at('v3-usage-events-2026-04-09.csv'))).toEqual([3, 30943652, 30452224, 0, 926824, 0.11])
  const { calls, doubts } = await readFiles([at('v2-usage-events-2025-11-13.csv')])
  expect(
    calls.map((call) => [
      call['ts'],
      call['input_tokens'],
      call['model'],
      call['tags'],
      call['unread_usage'],
    ]),
  ).toEqual([
    ['2025-11-13T18:36:05.846Z', 135008, 'auto', { kind: 'Included' }, undefined],
    ['2025-11-13T13:35:04.658Z', 75227, 'gpt-5-codex', { kind: 'On-Demand' }, undefined],
  ])
  expect(doubts.join()).not.toContain('not read')
})

test('words in the place of an amount are none, also in rows that a plan includes; errors keep their counts', async () => {
  const { calls } = await readFiles([at('v3-usage-events-2026-04-09.csv')])
  expect(
    calls.map((call) => [call['reported_cost_usd'], call['session_id'], call['status'], call['error']]),
  ).toEqual([
    [undefined, 'bc-a380fb49-e1a5-414e-817d-6a85b6cdc51c', undefined, undefined],
    ['0.11', 'bc-19a9b74b-2af3-46e2-9f61-3ba1cdac46c8', undefined, undefined],
    [undefined, 'bc-49262501-0ee0-49f9-b856-a5b0466deddb', 'error', 'Errored, No Charge'],
  ])
  expect(calls[0]!['tags']).toMatchObject({
    max_mode: 'yes',
    automation: 'cc30782e-26cc-4359-bc22-7567efe282be',
  })
  const costs = ['Included', '-', 'Free', '', '$9.50', '0.19']
  const file = table(
    `Date,Kind,Model,${tokens},Cost`,
    ...costs.map((cost, i) => `2026-01-0${i + 1},Included,auto,0,1,0,1,2,${cost}`),
  )
  const told = await readFiles([file])
  expect(told.calls.map((call) => call['reported_cost_usd'])).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    '9.5',
    '0.19',
  ])
})

test('the layout of a team, in any order of columns, with thousands and with empty cells', async () => {
  const file = table(
    'Output Tokens,User,Date,Model,Cache Read,Input (w/o Cache Write),Input (w/ Cache Write),Total Tokens,Requests,Kind',
    '"1,612",a@example.com,2026-01-01T10:00:00Z,gpt-5,"66,964","8,263",0,"76,839",2,On-Demand',
    ',b@example.com,2026-01-01T11:00:00Z,gpt-5,,12,,,1.5,On-Demand',
  )
  const { calls } = await readFiles([file])
  expect(calls).toMatchObject([
    {
      user_id: 'a@example.com',
      input_tokens: 75227,
      output_tokens: 1612,
      tags: { plan_units: '2', kind: 'On-Demand' },
    },
    { user_id: 'b@example.com', input_tokens: 12, tags: { plan_units: '1.5' } },
  ])
  expect(calls[1]).not.toHaveProperty('output_tokens')
  expect(calls[1]).not.toHaveProperty('cache_read_input_tokens')
})

test('two equal rows are two requests; the same export read again is none', async () => {
  const row = '2026-01-01T10:00:00Z,On-Demand,gpt-5,0,5,0,1,6,0.01'
  const file = table(`Date,Kind,Model,${tokens},Cost`, row, row)
  const store = workshop.store()
  await ingestInto(store, [file])
  await ingestInto(store, [
    write(join(workshop.room(), 'again.csv'), `Date,Kind,Model,${tokens},Cost\n${row}\n${row}\n`),
  ])
  expect((await ask(store, sums))[0]).toMatchObject({ calls: 2, input: 10 })
})

test('exports that overlap in other layouts, and a page, tell of a request once', async () => {
  const first = table(
    `Date,Kind,Model,Max Mode,${tokens},Cost`,
    '2025-05-31T14:00:00.000Z,On-Demand,gpt-5,No,4,10,8,2,24,0.01',
    '2025-05-31T14:00:00.000Z,On-Demand,gpt-5,No,4,10,8,2,24,0.01',
    '2025-05-31T15:00:00.000Z,On-Demand,gpt-5,No,0,1,0,2,3,0.01',
  )
  const second = table(
    `Date,User,Cloud Agent ID,Kind,Model,${tokens},Cost`,
    '2025-05-31T14:00:00.000Z,a@example.com,,On-Demand,gpt-5,4,10,8,2,24,$0.01',
    '2025-05-31T16:00:00.000Z,a@example.com,,On-Demand,gpt-5,0,1,0,2,3,$0.01',
  )
  const third = page({
    timestamp: '1748700000000', // 14:00
    model: 'gpt-5',
    tokenUsage: { inputTokens: 10, outputTokens: 2, cacheWriteTokens: 4, cacheReadTokens: 8, totalCents: 1 },
    chargedCents: 1,
  })
  const all = [4, 46, 16, 8, 8, 0.04]
  expect(await sumsOf(first, second, third)).toEqual(all)
  const store = workshop.store()
  for (const file of [third, second, first]) await ingestInto(store, [file])
  expect(Object.values((await ask(store, sums))[0]!)).toEqual(all)
})

test('a total that is no sum is told, and never taken for one without cached tokens', async () => {
  const file = table(
    `Date,Kind,Model,${tokens},Cost`,
    '2026-01-01,On-Demand,gpt-5,0,10,4,1,11,0.01', // the read tokens are left out of it
    '2026-01-02,On-Demand,gpt-5,0,10,4,1,99,0.01',
  )
  const { calls } = await readFiles([file])
  expect(calls.map((call) => [call['input_tokens'], call['unread_usage']])).toEqual([
    [14, undefined],
    [14, 'total_tokens beyond input and output'],
  ])
})

test('a page: what was charged is the cost, tokens and fee; nothing charged is no amount', async () => {
  expect(await sumsOf(at('admin_usage_page.json'))).toEqual([2, 10189, 8909, 4, 585, 0.1566])
  const { calls } = await readFiles([at('admin_usage_page.json')])
  expect(
    calls.map((call) => [
      call['ts'],
      call['user_id'],
      call['reported_cost_usd'],
      call['tags'],
      call['unread_usage'],
    ]),
  ).toEqual([
    ['2025-05-31T14:00:00Z', 'member@example.com', '0.1566', { kind: 'usage_based' }, undefined],
    ['2025-05-31T15:00:00Z', 'member@example.com', undefined, { kind: 'included_in_business' }, undefined],
  ])
  const event = {
    timestamp: '1748700000000',
    model: 'gpt-5',
    tokenUsage: { inputTokens: 1, outputTokens: 2, totalCents: 12.34 },
    cursorTokenFee: 3.32,
  }
  const other = { ...event, timestamp: '1748700000001', tokenUsage: { ...event.tokenUsage, audioTokens: 5 } }
  const told = await readFiles([page(event, event, other)])
  expect(told.counts).toEqual([[3, 3, 0, 0, 0, 0]])
  expect(told.calls.map((call) => [call['reported_cost_usd'], call['unread_usage']])).toEqual([
    ['0.1566', undefined],
    ['0.1566', undefined],
    ['0.1566', 'tokenUsage.audioTokens'],
  ])
})

test('the page of a team has its events under another name', async () => {
  const path = write(
    join(workshop.room(), 'team.json'),
    JSON.stringify({
      totalUsageEventsCount: 2,
      usageEvents: [
        {
          timestamp: '1748700000000',
          model: 'gpt-5',
          kindLabel: 'Usage-based',
          maxMode: true,
          requestsCosts: 5,
          isTokenBasedCall: true,
          tokenUsage: {
            inputTokens: 126,
            outputTokens: 450,
            cacheWriteTokens: 6112,
            cacheReadTokens: 11964,
            totalCents: 20.18232,
          },
          userEmail: 'a@example.com',
        },
      ],
    }),
  )
  const { calls } = await readFiles([path])
  expect(calls).toMatchObject([
    {
      user_id: 'a@example.com',
      input_tokens: 18202,
      output_tokens: 450,
      reported_cost_usd: '0.2018232',
      tags: { kind: 'usage-based', max_mode: 'yes', plan_units: '5' },
    },
  ])
})

test('every row and event is accounted for, whatever stands in it', async () => {
  const cell = fc.oneof(
    fc.constantFrom('', '-1', '1e99', '1,5', '1.234,5', 'x', 'Included', '7'),
    fc.string({ maxLength: 4 }),
  )
  const row = fc
    .array(cell, { minLength: 9, maxLength: 9 })
    .map((cells) =>
      cells.map((text) => `"${text.replaceAll('"', '""').replaceAll(/[\r\n]/g, ' ')}"`).join(','),
    )
  const value = fc.oneof(
    fc.integer(),
    fc.string(),
    fc.constant(null),
    fc.constant([]),
    fc.double({ noNaN: true }),
  )
  const event = fc.oneof(
    fc.json().map((text) => JSON.parse(text) as unknown),
    fc.record({
      timestamp: value,
      tokenUsage: fc.record({ inputTokens: value, totalCents: value }),
      chargedCents: value,
    }),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { maxLength: 6 }),
      fc.array(event, { maxLength: 6 }),
      async (rows, events) => {
        const first = '2026-01-01,On-Demand,gpt-5,0,5,0,1,6,0.01'
        const files = [
          table(`Date,Kind,Model,${tokens},Cost`, first, ...rows),
          page({ timestamp: '1748700000000', tokenUsage: { inputTokens: 1, totalCents: 1 } }, ...events),
        ]
        const summary = await ingestInto(workshop.store(), files)
        const known = [rows.length + 2, events.length + 1]
        for (const [i, file] of summary.files.entries()) {
          if (file.state !== 'read') continue // A table whose numbers may be read in two ways is refused whole.
          expect(file.lines).toBe(known[i])
          expect(file.imported + file.duplicates + file.superseded + file.skipped + file.rejected).toBe(
            file.lines,
          )
        }
        expect(summary.files[1]!.state).toBe('read')
      },
    ),
    { numRuns: 8 },
  )
})
