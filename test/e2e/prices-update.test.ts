/** `llmcost prices update` as people run it: what it writes, what reprice moves, what is refused, and what is said of old prices. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { emptyFolder, type Ran } from './program.js'
import { runWarm, runWarmWell } from './together.js'

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../fixtures/price-lists/${name}`, import.meta.url))

interface World {
  readonly cwd: string
  readonly file: string
  readonly well: (...args: string[]) => Promise<string>
  readonly ran: (...args: string[]) => Promise<Ran>
  readonly json: (...args: string[]) => Promise<Json>
}

interface Json {
  readonly rows: readonly Readonly<Record<string, unknown>>[]
  readonly totals?: Readonly<Record<string, unknown>>
  readonly warnings: readonly string[]
}

/** Two calls of gpt-4o: one a million tokens in before, one after the price of the lists changed. */
async function world({ calls = true } = {}): Promise<World> {
  const cwd = emptyFolder()
  const options = { cwd, env: { LLMCOST_DB: 'costs.duckdb' } }
  const call = (id: string, timestamp: string): string =>
    `${JSON.stringify({ timestamp, request_id: id, provider: 'openai', model: 'gpt-4o', input_tokens: 1_000_000, output_tokens: 100_000 })}\n`
  writeFileSync(
    join(cwd, 'calls.jsonl'),
    call('a', '2026-10-01T08:00:00Z') + call('b', '2026-10-20T08:00:00Z'),
  )
  for (const name of ['data.json', 'litellm.json', 'models-dev.json'])
    copyFileSync(fixture(name), join(cwd, name))
  if (calls) await runWarmWell(['ingest', 'calls.jsonl'], options)
  const well = (...args: string[]): Promise<string> => runWarmWell(args, options)
  return {
    cwd,
    file: join(cwd, '.local', 'share', 'llmcost', 'price-updates.json'),
    well,
    ran: (...args) => runWarm(args, options),
    json: async (...args) => JSON.parse(await well(...args, '--json')) as Json,
  }
}

const cost = async ({ json }: World): Promise<unknown> => (await json('breakdown')).totals?.['cost_usd']

describe('prices update', () => {
  test('a dry run writes nothing; an update moves what it says, by reprice; undo moves it back', async () => {
    const here = await world()
    expect(await cost(here)).toBe(7)
    const dry = await here.json('prices', 'update', 'data.json', '--dry-run')
    expect(existsSync(here.file)).toBe(false)
    const done = await here.json('prices', 'update', 'data.json')
    expect(done.rows).toEqual(dry.rows)
    expect(done.rows[0]).toMatchObject({
      provider: 'openai',
      model: 'gpt-4o',
      unit: 'input',
      old_price: 2.5,
      new_price: 2,
      from: '2026-10-15',
      is_new: false,
    })
    // Stored costs stay until reprice; status and doctor say that it is due.
    expect(await cost(here)).toBe(7)
    expect(await here.well('doctor')).toContain('llmcost reprice works them out anew')
    const moved = await here.json('reprice', '--dry-run')
    expect(moved.rows).toEqual([
      expect.objectContaining({
        model: 'gpt-4o',
        changed_calls: 1,
        old_cost_usd: 3.5,
        new_cost_usd: 2.8,
      }),
    ])
    await here.well('reprice')
    expect(await cost(here)).toBe(6.3)
    expect(await here.well('explain', 'b')).toContain('from data.json')
    expect(await here.well('explain', 'a')).not.toContain('from data.json')
    expect(await here.well('prices', 'explain', 'openai/gpt-4o', '--at', '2026-10-16', '--json')).toMatch(
      /update \d{4}-\d\d-\d\d from data\.json/,
    )
    // From a log at once, too.
    expect((await here.json('breakdown', '--input', 'calls.jsonl')).totals?.['cost_usd']).toBe(6.3)
    await here.well('prices', 'update', '--undo')
    await here.well('reprice')
    expect(await cost(here)).toBe(7)
    expect((await here.ran('prices', 'update', '--undo')).stderr).toContain('no price update to take back')
  })

  test('nothing rewrites history: each update adds rows, and undo takes one update', async () => {
    const here = await world()
    await here.well('prices', 'update', 'litellm.json', '--from-date', '2026-10-10')
    const first = JSON.parse(readFileSync(here.file, 'utf8')) as { updates: unknown[] }
    await here.well('prices', 'update', 'data.json', '--from-date', '2026-10-15')
    const second = JSON.parse(readFileSync(here.file, 'utf8')) as { updates: unknown[] }
    expect(second.updates.slice(0, 1)).toEqual(first.updates)
    expect(second.updates).toHaveLength(2)
    await here.well('prices', 'update', '--undo')
    expect(JSON.parse(readFileSync(here.file, 'utf8'))).toEqual(first)
  })

  test('prices that change by more than ten times are named and refused without --yes', async () => {
    const here = await world()
    const table = JSON.parse(readFileSync(fixture('litellm.json'), 'utf8')) as Record<
      string,
      Record<string, unknown>
    >
    table['gpt-4o'] = { ...table['gpt-4o'], input_cost_per_token: 2.6e-5, output_cost_per_token: 9e-7 }
    writeFileSync(join(here.cwd, 'odd.json'), JSON.stringify(table))
    const refused = await here.ran('prices', 'update', 'odd.json')
    expect(refused.code).toBe(4)
    expect(refused.stdout).toBe('')
    expect(refused.stderr).toContain('2 prices change by more than ten times')
    expect(refused.stderr).toContain('openai/gpt-4o input $2.5 → $26; openai/gpt-4o output $10 → $0.9')
    expect(existsSync(here.file)).toBe(false)
    expect((await here.json('prices', 'update', 'odd.json', '--dry-run')).warnings).toHaveLength(2)
    await here.well('prices', 'update', 'odd.json', '--yes')
    expect(existsSync(here.file)).toBe(true)
  })

  test('an update is one of the prices: what is known until when is judged by it', async () => {
    const here = await world()
    const line = (day: number): string =>
      `${JSON.stringify({ timestamp: `2026-10-${day}T00:00:00Z`, request_id: `l${day}`, model: 'gpt-4o', input_tokens: 10, output_tokens: 1 })}\n`
    writeFileSync(join(here.cwd, 'late.jsonl'), line(23) + line(24) + line(25))
    await here.well('ingest', 'late.jsonl')
    const said = async (...args: string[]): Promise<readonly string[]> =>
      (await here.json('breakdown', ...args)).warnings
    const late =
      '2 calls for $0.00007 are later than the price data (2026-09-23) by over 30 days: prices may have changed; llmcost prices update'
    expect(await said()).toContain(late)
    expect(await said('--until', '2026-10-25')).toContain(
      late.replace('2 calls for $0.00007 are', '1 call for $0.000035 is'),
    )
    expect(await said('--until', '2026-10-24')).toEqual([])
    const rules = { rules: [{ name: 'old', kind: 'price_age', over: 31 }] }
    writeFileSync(join(here.cwd, 'llmcost.config.json'), JSON.stringify(rules))
    const fired = await here.ran('check', '--as-of', '2026-10-26')
    expect(fired.code).toBe(3)
    expect(fired.stdout.replaceAll(/\s+/g, ' ')).toContain(
      'up to 32 days later than the price data (2026-09-23), over 31 days, in 1 calls',
    )
    expect((await here.ran('check', '--as-of', '2026-10-25')).code).toBe(0)
    // Prices of the day of the update, which is later than these calls wherever the clock is right.
    await here.well('prices', 'update', 'models-dev.json')
    await here.well('reprice')
    expect((await said()).filter((text) => text.includes('later than the price data'))).toEqual([])
  })
})

describe('over HTTP', () => {
  async function serving(body: string | Buffer, status = 200): Promise<{ url: string; asked: string[] }> {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(request.url ?? '')
      response.writeHead(status, { 'content-type': 'application/json' }).end(body)
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    onTestFinished(() => void server.close())
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api.json`, asked }
  }

  test('from the address that is named, or the one in the config; nothing else ever asks there', async () => {
    const here = await world()
    const { url, asked } = await serving(readFileSync(fixture('models-dev.json')))
    await here.well('prices', 'update', `${url}?key=secret`)
    expect(readFileSync(here.file, 'utf8')).not.toContain('secret')
    expect(await here.well('prices', 'gpt-4o', '--json')).toContain(`from ${url}`)
    writeFileSync(join(here.cwd, 'llmcost.config.json'), JSON.stringify({ price_update_url: url }))
    for (const args of [
      ['status'],
      ['doctor'],
      ['prices'],
      ['reprice'],
      ['report', '--as-of', 'latest'],
      ['ingest', 'calls.jsonl'],
    ])
      await here.well(...args)
    expect(asked).toEqual(['/api.json?key=secret'])
    await here.well('prices', 'update', '--dry-run')
    expect(asked).toEqual(['/api.json?key=secret', '/api.json'])
  })

  test.each([
    ['half of it', readFileSync(fixture('data.json')).subarray(0, 2000), 200, 'not JSON'],
    ['a page', '<!DOCTYPE html><title>Sign in</title>', 200, 'web page'],
    ['nothing', '', 200, 'empty'],
    ['another list', '[{"name": "x"}]', 200, 'no price list that llmcost knows'],
    ['an error', '{}', 503, 'answered 503'],
  ])('%s is refused, and nothing is written', async (_, body, status, message) => {
    const here = await world({ calls: false })
    const { url } = await serving(body, status)
    const { code, stdout, stderr } = await here.ran('prices', 'update', url)
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toContain(message)
    expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(2)
    expect(existsSync(here.file)).toBe(false)
  })
})

describe('wrong use', () => {
  test.each([
    [['prices', 'update'], 2, 'which list of prices?'],
    [['prices', 'update', 'none.json'], 1, 'is not there'],
    [['prices', 'update', '.'], 1, 'is no file'],
    [['prices', 'update', 'http://example.org/x'], 2, 'must begin with https://'],
    [['prices', 'update', 'data.json', '--from-date', '2026-02-31'], 2, 'is not a date'],
    [['prices', 'update', 'data.json', '--undo'], 2, '--undo takes the last update back'],
  ])('%j', async (args, code, message) => {
    const here = await world({ calls: false })
    const ran = await here.ran(...args)
    expect(ran).toMatchObject({ code, stdout: '' })
    expect(ran.stderr).toContain(message)
  })

  test('a damaged file of updates is said, and no price is taken for another', async () => {
    const here = await world()
    await here.well('prices', 'update', 'data.json')
    writeFileSync(here.file, '{"version": 1')
    const { code, stderr } = await here.ran('ingest', 'calls.jsonl')
    expect(code).toBe(1)
    expect(stderr).toContain('the file of price updates is not JSON')
  })
})
