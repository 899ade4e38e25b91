import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Database } from '../../../src/db/database.js'
import { migrations } from '../../../src/db/schema.js'
import type { CostBasis } from '../../../src/domain/costs/basis.js'
import { callColumns, pricedColumnNames } from '../../../src/domain/call.js'
import { loadPriceBook } from '../../../src/pricing/book.js'
import { pricedQuery, ratesQuery } from '../../../src/pricing/price-sql.js'

let db: Database
beforeAll(async () => {
  db = await Database.open(':memory:', 'write', { threads: 2 })
  for (const sql of migrations.flat()) await db.run(sql)
  const book = await loadPriceBook({ overrideFiles: [] })
  const gpt4o = book.resolve('openai', 'gpt-4o').rates
  const opus = book.resolve('anthropic', 'claude-opus-4-8').rates
  const nova = book.resolve('aws', 'eu.amazon.nova-pro-v1:0').rates
  const flash = book.resolve('google', 'gemini-2.5-flash').rates
  const image = book.resolve('google', 'gemini-2.5-flash-image').rates
  const sonar = book.resolve('perplexity', 'sonar').rates
  const deep = book.resolve('perplexity', 'sonar-deep-research').rates
  const free = book.resolve('ollama', 'llama3').rates
  const rates = [
    ...gpt4o,
    ...opus,
    ...nova,
    ...flash,
    ...image,
    ...sonar,
    ...deep,
    ...free,
    ...book.resolve('openai', 'gpt-realtime').rates,
  ]
  await db.run(`INSERT INTO rates BY NAME (${ratesQuery})`, { rates: JSON.stringify(rates) })
})
afterAll(() => db.close())

type Fields = Readonly<Record<string, string | number | boolean | null>>

/** Prices one call of gpt-4o, or what the fields say. */
async function price(fields: Fields, basis: CostBasis = 'list-first') {
  const call: Fields = {
    call_id: 'a',
    source: 't',
    ts: '2026-01-01 00:00:00',
    provider: 'openai',
    model: 'gpt-4o',
    status: 'ok',
    ...fields,
  }
  const types = Object.fromEntries(callColumns.map(({ name, type }) => [name, type]))
  const values = Object.keys(call).map((name) => `CAST($${name} AS ${types[name]}) AS ${name}`)
  await db.run('DELETE FROM calls')
  await db.run(`INSERT INTO calls BY NAME SELECT ${values.join(', ')}`, call)
  const query = pricedQuery({ calls: 'calls', rates: 'rates', keep: 'c.call_id', basis })
  return db.one<Record<string, string | boolean | null>>(query)
}

/** Cost and basis. */
const outcome = async (fields: Fields, basis?: CostBasis) => {
  const { cost_usd, cost_basis } = await price(fields, basis)
  return [cost_usd === null ? null : Number(cost_usd), cost_basis]
}

const tokens = { input_tokens: 1000, output_tokens: 100 }
const unknown = { provider: 'openai', model: 'no-such-model' }

describe('the list cost and its parts', () => {
  test('cached input, cache writes and output', async () => {
    expect(
      await price({
        ...tokens,
        cache_read_input_tokens: 400,
        cache_creation_input_tokens: 100,
        cache_creation_1h_input_tokens: 60,
      }),
    ).toMatchObject({
      list_input_cost_usd: '0.001250000000',
      list_cache_read_cost_usd: '0.000500000000',
      list_cache_write_cost_usd: '0.000250000000',
      list_output_cost_usd: '0.001000000000',
      list_other_cost_usd: '0.000000000000',
      list_cost_usd: '0.003000000000',
      cost_basis: 'list',
      partly_priced: false,
    })
  })

  test('reasoning is inside output, and separate only where it has a price', async () => {
    expect((await price({ ...tokens, reasoning_output_tokens: 80 }))['list_output_cost_usd']).toBe(
      '0.001000000000',
    )
    const deep = { provider: 'perplexity', model: 'sonar-deep-research', reasoning_output_tokens: 80 }
    expect((await price({ ...tokens, ...deep }))['list_output_cost_usd']).toBe('0.000400000000')
  })

  test('a price for each request', async () => {
    const sonar = { provider: 'perplexity', model: 'sonar' }
    expect(await price({ ...sonar, ...tokens })).toMatchObject({
      list_other_cost_usd: '0.012000000000',
      list_cost_usd: '0.013100000000',
    })
    expect(await outcome(sonar)).toEqual([0.012, 'list'])
    expect(await outcome({ ...sonar, status: 'error' })).toEqual([0, 'no_usage'])
  })

  test('audio and searches', async () => {
    const realtime = { model: 'gpt-realtime', ...tokens, input_audio_tokens: 500, output_audio_tokens: 40 }
    expect(await price(realtime)).toMatchObject({
      list_input_cost_usd: '0.002000000000',
      list_output_cost_usd: '0.000960000000',
      list_other_cost_usd: '0.018560000000',
      partly_priced: false,
    })
    expect(await price({ ...tokens, web_search_requests: 2 })).toMatchObject({
      list_other_cost_usd: '0.020000000000',
      partly_priced: false,
    })
  })

  test('what no price is known for makes a call partly priced', async () => {
    expect(await price({ ...tokens, input_audio_tokens: 500 })).toMatchObject({
      list_cost_usd: '0.003500000000',
      partly_priced: true,
    })
    expect(await price({ ...tokens, service_tier: 'flex' })).toMatchObject({
      list_cost_usd: '0.003500000000',
      partly_priced: true,
      unpriced_usage: 'service_tier=flex',
    })
  })

  test('what is not known of tier, speed and place is named, and priced as standard', async () => {
    const opus = { provider: 'anthropic', model: 'claude-opus-4-8', ts: '2026-06-01 00:00:00', ...tokens }
    // 1,000 × $5 + 100 × $25 a million
    for (const [fields, cost, unpriced] of [
      [{}, 0.0075, null],
      [{ speed: 'fast' }, 0.015, null],
      [{ speed: 'fast', region: 'us' }, 0.0165, null],
      [{ region: 'us', service_tier: 'batch' }, 0.004125, null],
      [{ region: 'global', speed: 'standard', service_tier: 'standard' }, 0.0075, null],
      [{ region: 'not_available' }, 0.0075, null],
      [{ region: 'eu' }, 0.0075, 'region=eu'],
      [{ speed: 'warp' }, 0.0075, 'speed=warp'],
      [{ speed: 'fast', service_tier: 'batch' }, 0.0075, 'service_tier=batch; speed=fast'],
      [{ service_tier: 'scale', speed: 'fast' }, 0.015, 'service_tier=scale'],
      [{ service_tier: 'priority', region: 'eu' }, 0.0075, 'service_tier=priority; region=eu'],
    ] as const) {
      const got = await price({ ...opus, ...fields })
      expect([Number(got['list_cost_usd']), got['unpriced_usage']], JSON.stringify(fields)).toEqual([
        cost,
        unpriced,
      ])
    }
    expect(await price({ ...opus, speed: 'fast', input_tokens: 0, output_tokens: 0 })).toMatchObject({
      unpriced_usage: null,
    })
    const nova = { provider: 'aws', model: 'eu.amazon.nova-pro-v1:0', ...tokens }
    expect(await price(nova)).toMatchObject({ unpriced_usage: 'region=eu' })
    const free = { provider: 'local', model: 'llama3', service_tier: 'scale', region: 'moon', ...tokens }
    expect(await price(free)).toMatchObject({ list_cost_usd: '0.000000000000', unpriced_usage: null })
  })

  test('images, video, cached audio and file searches', async () => {
    const flash = { provider: 'google', model: 'gemini-2.5-flash' }
    const used = {
      ...flash,
      input_tokens: 1000,
      cache_read_input_tokens: 300,
      cache_read_audio_input_tokens: 100,
      input_audio_tokens: 250,
      input_image_tokens: 200,
      output_tokens: 50,
    }
    // Uncached: 150 audio at $1, 200 images and 350 texts at $0.30; cached: 200 at $0.03, 100 audio at $0.10.
    expect(await price(used)).toMatchObject({
      list_input_cost_usd: '0.000105000000',
      list_cache_read_cost_usd: '0.000016000000',
      list_output_cost_usd: '0.000125000000',
      list_other_cost_usd: '0.000210000000',
      unpriced_usage: null,
    })
    const drawn = { provider: 'google', model: 'gemini-2.5-flash-image', output_image_tokens: 1290 }
    // 10 × $0.30, 1,290 × $30, 10 × $2.50
    expect(await outcome({ ...drawn, input_tokens: 10, output_tokens: 1300 })).toEqual([0.038728, 'list'])
    expect(await price({ ...tokens, file_search_requests: 2 })).toMatchObject({
      list_other_cost_usd: '0.005000000000',
      partly_priced: false,
    })
    expect(await price({ ...tokens, input_image_tokens: 5, output_image_tokens: 2000 })).toMatchObject({
      list_cost_usd: '0.003500000000',
      unpriced_usage: 'input_image_tokens; output_image_tokens',
    })
  })

  test('service tiers', async () => {
    for (const [tier, cost] of [
      ['standard', 0.0035],
      ['batch', 0.00175],
      ['priority', 0.00595],
      ['flex', 0.0035],
      ['scale', 0.0035],
    ] as const) {
      expect(await outcome({ ...tokens, service_tier: tier })).toEqual([cost, 'list'])
    }
    const searched = { ...tokens, service_tier: 'batch', web_search_requests: 1 }
    expect((await price(searched))['list_cost_usd']).toBe('0.011750000000')
  })

  test('one count alone is enough; none is not', async () => {
    expect(await outcome({ input_tokens: 1000 })).toEqual([0.0025, 'list'])
    expect(await outcome({ output_tokens: 100 })).toEqual([0.001, 'list'])
    expect(await outcome({ input_tokens: 0, output_tokens: 0 })).toEqual([0, 'list'])
    expect(await outcome({})).toEqual([null, null])
  })

  test('a cost beyond a million dollars is no cost', async () => {
    const huge = { input_tokens: 1_000_000_000, output_tokens: 1_000_000_000 }
    expect((await price(huge))['list_cost_usd']).toBe('12500.000000000000')
    expect((await price({ input_tokens: '9000000000000000', output_tokens: 1 }))['list_cost_usd']).toBeNull()
  })
})

describe('which cost counts', () => {
  const reported = { reported_cost_usd: '0.5' }
  test('list, else reported, else none', async () => {
    expect(await outcome({ ...tokens, ...reported })).toEqual([0.0035, 'list'])
    expect(await outcome({ ...tokens, ...unknown, ...reported })).toEqual([0.5, 'reported'])
    expect(await outcome({ ...tokens, ...unknown })).toEqual([null, null])
    expect(await outcome({ ...tokens, provider: null })).toEqual([null, null])
  })

  test('reported-first turns it round', async () => {
    expect(await outcome({ ...tokens, ...reported }, 'reported-first')).toEqual([0.5, 'reported'])
    expect(await outcome(tokens, 'reported-first')).toEqual([0.0035, 'list'])
    expect(await outcome({ ...tokens, ...unknown }, 'reported-first')).toEqual([null, null])
  })

  test('a reported 0 for tokens of an unknown model is no report', async () => {
    const zero = { reported_cost_usd: '0' }
    for (const basis of ['list-first', 'reported-first'] as const) {
      expect(await outcome({ ...tokens, ...unknown, ...zero }, basis)).toEqual([null, null])
      expect(await outcome({ ...unknown, ...zero }, basis)).toEqual([0, 'reported'])
      expect(await outcome({ ...tokens, provider: 'local', model: 'llama3', ...zero }, basis)).toEqual([
        0,
        basis === 'list-first' ? 'list' : 'reported',
      ])
    }
    // A known price tells that it was not free.
    expect(await outcome({ ...tokens, ...zero }, 'reported-first')).toEqual([0.0035, 'list'])
    expect(await outcome({ ...unknown, ...zero, total_tokens: 5 }, 'reported-first')).toEqual([null, null])
  })

  test('a list cost of nothing counted never outranks a reported one', async () => {
    for (const basis of ['list-first', 'reported-first'] as const) {
      const nothing = { input_tokens: 0, output_tokens: 0 }
      expect(await outcome({ ...nothing, ...reported }, basis)).toEqual([0.5, 'reported'])
      expect(await outcome({ input_tokens: 0, ...reported }, basis)).toEqual([0.5, 'reported'])
      expect(await outcome(nothing, basis)).toEqual([0, 'list'])
    }
    expect(await outcome({ input_tokens: 0, output_tokens: 0, reported_cost_usd: '0' })).toEqual([0, 'list'])
    // A free model's tokens were counted.
    const free = { ...tokens, provider: 'local', model: 'llama3' }
    expect(await outcome({ ...free, ...reported })).toEqual([0, 'list'])
  })

  test('a cache hit costs nothing; its list cost is what was avoided', async () => {
    const hit = { ...tokens, cache_hit: true }
    expect(await price({ ...hit, ...reported })).toMatchObject({
      cost_usd: '0.000000000000',
      cost_basis: 'response_cache',
      list_cost_usd: '0.003500000000',
    })
    expect(await outcome({ ...hit, ...reported }, 'reported-first')).toEqual([0.5, 'response_cache'])
    expect(await outcome(hit, 'reported-first')).toEqual([0, 'response_cache'])
    expect(await outcome({ ...hit, ...unknown })).toEqual([0, 'response_cache'])
    expect(await outcome({ ...tokens, cache_hit: false })).toEqual([0.0035, 'list'])
  })

  test('a failed call without usage costs nothing', async () => {
    expect(await outcome({ status: 'error' })).toEqual([0, 'no_usage'])
    expect(await outcome({ ...unknown, status: 'error', input_tokens: 0 })).toEqual([0, 'no_usage'])
    expect(await outcome({ status: 'error', ...reported })).toEqual([0.5, 'reported'])
    expect(await outcome({ status: 'error', ...tokens })).toEqual([0.0035, 'list'])
    expect(await outcome({ ...unknown, status: 'error', ...tokens })).toEqual([null, null])
  })
})

test('money is DECIMAL(18,12) everywhere, and the columns are those of calls', async () => {
  const query = pricedQuery({ calls: 'calls', rates: 'rates', keep: 'c.call_id', basis: 'list-first' })
  const { rows } = await db.query<{ column_name: string; column_type: string }>(`DESCRIBE ${query}`)
  const types = new Map<string, string>(callColumns.map(({ name, type }) => [name, type]))
  expect(rows.map((row) => row.column_name)).toEqual(['call_id', ...pricedColumnNames])
  for (const { column_name: name, column_type: type } of rows) expect(type, name).toBe(types.get(name))
})
