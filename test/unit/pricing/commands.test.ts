import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { explainCommand } from '../../../src/commands/ask/explain.js'
import { pricesCheck } from '../../../src/commands/money/prices-check.js'
import { pricesExplain } from '../../../src/commands/money/prices-explain.js'
import { pricesCommand } from '../../../src/commands/money/prices.js'
import { repriceCommand } from '../../../src/commands/money/reprice.js'
import type { CommandSpec } from '../../../src/commands/command.js'
import { Database } from '../../../src/db/database.js'
import { openStoreForReading, writeStore } from '../../../src/db/store.js'
import { callColumns, pricedColumnNames } from '../../../src/domain/call.js'
import { loadPriceBook } from '../../../src/pricing/book.js'
import { pricedQuery, ratesQuery } from '../../../src/pricing/price-sql.js'

const folder = mkdtempSync(join(tmpdir(), 'prices-'))
const db = join(folder, 'costs.duckdb')
const config = join(folder, 'llmcost.config.json')
const overrides = join(folder, 'prices.csv')
const patience = { lockTimeoutMs: 1000 }
afterAll(() => rmSync(folder, { recursive: true }))

/** A store whose calls were priced before the overrides were written. */
beforeAll(async () => {
  const book = await loadPriceBook({ overrideFiles: [] })
  const memory = await Database.open(':memory:', 'write', { threads: 1 })
  const calls = `(SELECT *, TIMESTAMP '2026-03-01 10:00:00' AS ts, CAST(NULL AS BIGINT) AS file_id, 1 AS line, 'ok' AS status FROM (VALUES
    ('one', 'a', 'openai', 'gpt-4o', 1000, 100, 'batch'), ('two', 'a', 'azure', 'prod-chat', 1000, 100, NULL),
    ('two', 'b', 'azure', 'prod-chat', 500, 50, NULL), ('three', 'a', NULL, 'house', 10, 1, NULL),
    ('three-b', 'a', 'openai', 'gpt-4oo', 10, 1, NULL)) t(call_id, source, provider, model, input_tokens, output_tokens, service_tier))`
  await writeStore(memory, db, patience, async () => {
    await memory.run('CREATE TEMP TABLE typed AS SELECT * FROM store.calls LIMIT 0')
    await memory.run(`INSERT INTO typed BY NAME ${calls}`)
    const rates = book.resolve('openai', 'gpt-4o').rates
    await memory.run(`INSERT INTO store.rates BY NAME ${ratesQuery}`, { rates: JSON.stringify(rates) })
    const priced = new Set<string>(pricedColumnNames)
    const keep = callColumns
      .map(({ name }) => name)
      .filter((name) => !priced.has(name))
      .map((name) => `c.${name}`)
      .join(', ')
    await memory.run(
      `INSERT INTO store.calls BY NAME ${pricedQuery({ calls: 'typed', rates: 'store.rates', keep, basis: 'list-first' })}`,
    )
  })
  memory.close()
  writeFileSync(overrides, 'provider,model,alias_of,input,output\nazure,prod-chat,gpt-4o,,\n,house,,1,2\n')
  writeFileSync(config, JSON.stringify({ db, prices: 'prices.csv' }))
})

async function report(
  command: CommandSpec,
  args: readonly string[] = [],
  options: Record<string, unknown> = {},
) {
  const outcome = await command.run({
    args,
    options,
    env: { LLMCOST_CONFIG: config },
    now: new Date('2026-09-01T12:00:00Z'),
    version: '0',
    terminal: { columns: 100, interactive: false, warn: () => undefined, progress: process.stderr },
    given: () => false,
  })
  if (outcome.report === undefined) throw new Error('no report')
  return outcome.report
}

describe('prices', () => {
  test('lists what is in force, with package, date and override files', async () => {
    const { sections, footer } = await report(pricesCommand, ['openai/gpt-4o-m'])
    expect(sections[0]?.rows.find((row) => row['model'] === 'gpt-4o-mini')).toMatchObject({
      input_price: '0.15',
      output_price: '0.6',
      in_force: true,
    })
    expect(footer?.[0]).toMatch(/^Price data: genai-prices \d.* published \d{4}-/)
    expect(footer?.[1]).toContain('prices.csv')
  })

  test('lists the past of a few models', async () => {
    const { sections } = await report(pricesCommand, ['openai/o3-'], {})
    expect(sections[0]?.rows.length).toBeGreaterThan(1)
    const past = await report(pricesCommand, ['openai/o3'], { history: true })
    expect(
      past.sections[0]?.rows
        .filter((row) => row['model'] === 'o3' && row['mode'] === 'standard')
        .map((row) => row['in_force']),
    ).toEqual([false, false, true])
  })

  test('names close models when none matches', async () => {
    const { sections } = await report(pricesCommand, ['gpt-4oo'])
    expect(sections[0]).toMatchObject({ rows: [], empty: expect.stringContaining('openai/gpt-4o') })
  })

  test('lists the models of override files', async () => {
    const { sections } = await report(pricesCommand, ['prod-chat'])
    expect(sections[0]?.rows.map((row) => [row['mode'], row['input_price']])).toEqual([
      ['standard', '5'],
      ['standard', '5'],
      ['standard', '2.5'],
      ['batch', '1.25'],
    ])
  })
})

describe('prices explain', () => {
  test('tells the price at a date', async () => {
    const { sections } = await report(pricesExplain, ['openai/o3'], { at: '2025-06-01' })
    expect(sections[0]?.rows[0]).toMatchObject({
      provider: 'openai',
      matched: 'openai/o3',
      rule: 'name as logged',
    })
    expect(
      sections[1]?.rows.map((row) => [
        row['mode'],
        row['input_price'],
        row['output_price'],
        row['multiplier'],
      ]),
    ).toEqual([
      ['standard', '10', '40', '1'],
      ['batch', '5', '20', '0.5'],
      ['flex', '5', '20', '0.5'],
    ])
  })

  test('tells an alias, a router’s name, and a name that means nothing', async () => {
    expect((await report(pricesExplain, ['azure/prod-chat'])).sections[0]?.rows[0]).toMatchObject({
      matched: 'openai/gpt-4o',
    })
    expect(
      (await report(pricesExplain, ['meta-llama/llama-3.3-70b-instruct'])).sections[0]?.rows[0],
    ).toMatchObject({ provider: 'openrouter' })
    const { sections } = await report(pricesExplain, ['openai/gpt-99'])
    expect(sections[1]).toMatchObject({ rows: [], empty: expect.stringContaining('unpriced') })
  })

  test('refuses a date that is none', async () => {
    await expect(report(pricesExplain, ['openai/o3'], { at: 'soon' })).rejects.toMatchObject({
      code: 'usage',
      message: '--at soon is not a time',
    })
  })
})

describe('the store', () => {
  test('check names unpriced models with a line for prices.csv', async () => {
    const { sections } = await report(pricesCheck)
    const rows = sections[0]?.rows ?? []
    expect(rows.map((row) => row['model'])).toEqual(['prod-chat', 'gpt-4oo', 'house'])
    expect(rows[1]).toMatchObject({ unpriced_calls: 1, line: 'openai,gpt-4oo,openai/gpt-4o,,' })
    expect(rows[0]?.['rule']).toContain('reprice')
  })

  test('explain shows every part', async () => {
    const { sections, warnings } = await report(explainCommand, ['one'])
    expect(warnings).toEqual([])
    expect(sections[0]?.rows[0]).toMatchObject({
      matched: 'openai/gpt-4o',
      cost_basis: 'list',
      cost_usd: '0.001750000000',
    })
    expect(sections[1]?.rows).toEqual([
      {
        part: 'input',
        count: 1000n,
        price: '1.25',
        per: 'million tokens',
        cost_usd: '0.00125',
      },
      {
        part: 'output',
        count: 100n,
        price: '5',
        per: 'million tokens',
        cost_usd: '0.0005',
      },
    ])
    expect(sections[1]?.totals).toMatchObject({ cost_usd: '0.001750000000' })
  })

  test('explain takes a beginning, shows each source, and refuses what is not there', async () => {
    expect((await report(explainCommand, ['on'])).sections[0]?.rows[0]).toMatchObject({ call_id: 'one' })
    expect((await report(explainCommand, ['two'])).sections).toHaveLength(4)
    expect((await report(explainCommand, ['three'])).sections[0]?.rows[0]).toMatchObject({
      call_id: 'three',
      cost_usd: null,
    })
    await expect(report(explainCommand, ['thr'])).rejects.toMatchObject({
      message: expect.stringContaining('several'),
    })
    await expect(report(explainCommand, ['zzz'])).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('llmcost calls'),
    })
  })

  test('reprice tells first, then writes, then has nothing left to do', async () => {
    const dry = await report(repriceCommand, [], { dryRun: true })
    expect(dry.sections[0]?.rows).toMatchObject([
      {
        provider: 'azure',
        model: 'prod-chat',
        calls: 2,
        changed_calls: 2,
        old_cost_usd: null,
        new_cost_usd: '0.005250000000',
        newly_priced_calls: 2,
      },
      { provider: 'custom', model: 'house', changed_calls: 1, new_cost_usd: '0.000012000000' },
    ])
    expect(dry.sections[0]?.totals).toMatchObject({
      calls: 5,
      changed_calls: 3,
      old_cost_usd: null,
      difference_usd: '0.005262000000',
    })
    const wet = await report(repriceCommand)
    expect(wet.sections[0]?.rows).toEqual(dry.sections[0]?.rows)
    expect((await report(repriceCommand, [], { dryRun: true })).sections[0]).toMatchObject({
      rows: [],
      empty: 'No cost changes.',
    })
    const store = await openStoreForReading(db, patience)
    expect(await store.one("SELECT provider, cost_usd, cost_basis FROM calls WHERE model = 'house'")).toEqual(
      {
        provider: 'custom',
        cost_usd: '0.000012000000',
        cost_basis: 'list',
      },
    )
    expect((await store.query('SELECT DISTINCT model FROM rates ORDER BY 1')).rows).toEqual([
      { model: 'gpt-4o' },
      { model: 'house' },
      { model: 'prod-chat' },
    ])
    store.close()
  })
})
