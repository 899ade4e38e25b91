/**
 * One name, one number: a figure that two commands show under one name, for the same calls, is the same.
 * Every command is asked for one scope, and what it says of all of it, and of each feature, is held against
 * the measure of that name and against what the other commands say.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import type { CommandSpec } from '../../src/commands/command.js'
import { commandEntries } from '../../src/commands/registry.js'
import { makeViews } from '../../src/db/asker.js'
import { openStoreForReading } from '../../src/db/store.js'
import { plain, readDecimal } from '../../src/domain/costs/decimal.js'
import { dimensionOf } from '../../src/domain/dimensions.js'
import { breakdown } from '../../src/metrics/breakdown.js'
import { hourly, hourlyColumns } from '../../src/metrics/exports/hourly.js'
import { addsUp, measureNames } from '../../src/metrics/measures/registry.js'
import type { Cell, Report, Row, Section } from '../../src/reports/report.js'
import { ingestInto, Workshop, write } from './ingesting.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

interface World {
  readonly db: string
  /** Whole local days, so that every command takes them as they are. */
  readonly since: string
  readonly until: string
  readonly config: string
  /** The window holds every call of the store. */
  readonly holdsAll: boolean
}

type Options = Readonly<Record<string, unknown>>

/** How each command is asked for the scope; those that are about other things than its calls are not. */
const asked: readonly {
  readonly command: string
  readonly options?: Options
  readonly by?: true
  readonly needsAll?: true
}[] = [
  { command: 'breakdown', options: { by: 'none' } },
  { command: 'breakdown', options: { by: 'feature' }, by: true },
  { command: 'breakdown', options: { by: 'model,day' } },
  { command: 'report' },
  { command: 'compare', options: { vs: ['previous'] } },
  {
    command: 'trend',
    options: { every: 'day', metric: ['cost_usd,p95_provider_latency_ms,cache_read_share'] },
  },
  { command: 'efficiency', options: { by: 'feature' }, by: true },
  { command: 'quality', options: { by: 'feature' }, by: true },
  { command: 'latency', options: { by: 'feature' }, by: true },
  { command: 'latency', options: { by: 'model' } },
  { command: 'errors', options: { by: 'feature' }, by: true },
  { command: 'cache', options: { by: 'feature' }, by: true },
  { command: 'tiers' },
  { command: 'caps' },
  // These know no window: they are asked where it holds all calls.
  { command: 'status', needsAll: true },
  { command: 'prices check', needsAll: true },
]

/** Sections about other calls than those of the scope, by their id or the command's: a name says so in them. */
const otherScopes: ReadonlySet<string> = new Set([
  'growth', // whole weeks since the log began
  'forecast', // the month
  'forecast_cost', // its running sum
  'cost_change', // both sides of a comparison
  'incidents', // their own hours
])

async function reportOf(
  name: string,
  { db, since, until, config }: World,
  options: Options,
): Promise<Report> {
  const [first, second] = name.split(' ')
  const loaded = await commandEntries.find((entry) => entry.name === first)!.load()
  const spec: CommandSpec =
    second === undefined ? loaded : loaded.subcommands!.find((one) => one.name === second)!
  const fallbacks = spec.options.flatMap(({ flags, fallback }) => {
    const long = /--([a-z0-9-]+)/.exec(flags)?.[1]
    if (fallback === undefined || long === undefined) return []
    return [[long.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase()), fallback]]
  })
  const given: Options = {
    db,
    config,
    tz: 'UTC',
    memoryLimit: '512MB',
    ...(spec.options.some(({ flags }) => flags.startsWith('--since')) ? { since, until } : {}),
    ...options,
  }
  const { report } = await spec.run({
    args: [],
    options: { ...Object.fromEntries(fallbacks), ...given },
    env: {},
    version: 'test',
    now: new Date(`${until}T00:00:00Z`),
    terminal: { columns: 100, interactive: false, warn: () => undefined, progress: process.stderr },
    given: (option) => option in given,
  })
  return report!
}

/** What a section says of its whole scope. */
function wholeOf({ layout, rows, totals, columns }: Section): Row {
  if (layout === 'sides') return rows.find((row) => row['side'] === 'a') ?? {}
  if (totals !== undefined) return totals
  return rows.length === 1 && !columns.some(({ dimension }) => dimension) ? rows[0]! : {}
}

/** Its rows by feature, where that is all they are by. */
function featuresOf({ rows, columns }: Section): readonly Row[] {
  const by = columns.filter(({ dimension }) => dimension).map(({ key }) => key)
  return by.length === 1 && by[0] === 'feature' ? rows.filter((row) => row['feature'] !== '(others)') : []
}

interface Said {
  readonly by: string
  readonly key: string
  readonly value: string | null
}

const figures = (by: string, row: Row): Said[] =>
  Object.entries(row).flatMap(([key, cell]) => {
    const value = digits(cell)
    return value === undefined ? [] : [{ by, key, value }]
  })

function digits(cell: Cell): string | null | undefined {
  if (cell === null) return null
  if (typeof cell === 'bigint') return String(cell)
  if (typeof cell === 'number') return String(cell)
  if (typeof cell !== 'string') return undefined
  const decimal = readDecimal(cell)
  return decimal === undefined ? cell : plain(decimal)
}

/** Exact digits are the same digits; doubles may differ in their last. */
function same(a: string | null, b: string | null): boolean {
  if (a === null || b === null) return a === b
  if (a === b) return true
  const [x, y] = [Number(a), Number(b)]
  return (
    Number.isFinite(x) && Number.isFinite(y) && Math.abs(x - y) <= 1e-12 * Math.max(Math.abs(x), Math.abs(y))
  )
}

/** Every figure of the reference: all measures over the scope, and by feature. */
async function reference({ db, since, until }: World): Promise<Map<string, Said>> {
  const store = await openStoreForReading(db, { lockTimeoutMs: 5000 })
  try {
    const known = new Map<string, Said>()
    const { sql, params } = breakdown({
      scope: { since: `${since}T00:00:00Z`, until: `${until}T00:00:00Z`, filters: [], tz: 'UTC' },
      by: [dimensionOf('feature')],
      measures: measureNames,
    })
    for (const row of (await store.query<Row>(sql, params)).rows) {
      const where = row['is_total'] === true ? 'all' : `feature ${String(row['d0'])}`
      for (const name of measureNames) {
        if (row['is_total'] !== true && name === 'cost_share') continue
        const value = digits(row[name] ?? null)
        if (value !== undefined) known.set(`${where}: ${name}`, { by: 'measures', key: name, value })
      }
    }
    return known
  } finally {
    store.close()
  }
}

/** Columns of the hourly export and of the view of days, added up. */
async function addedUp({ db, since, until }: World): Promise<Said[]> {
  const store = await openStoreForReading(db, { lockTimeoutMs: 5000 })
  try {
    await makeViews(store)
    const scope = { since: `${since}T00:00:00Z`, until: `${until}T00:00:00Z`, filters: [], tz: 'UTC' }
    const { sql, params } = hourly(scope)
    const tables = [
      ['export hourly', `(${sql})`, hourlyColumns.map(({ name }) => name), params],
      [
        'daily_costs',
        `(FROM daily_costs WHERE day >= DATE '${since}' AND day < DATE '${until}')`,
        (
          await store.query<{ name: string }>('SELECT column_name AS name FROM (DESCRIBE daily_costs)')
        ).rows.map(({ name }) => name),
        {},
      ],
    ] as const
    const said: Said[] = []
    for (const [by, table, columns, bound] of tables) {
      const sums = columns.filter((name) => measureNames.some((one) => one === name && addsUp(one)))
      expect(sums.length).toBeGreaterThan(2)
      const { rows } = await store.query<Row>(
        `SELECT ${sums.map((name) => `sum(${name}) AS ${name}`).join(', ')} FROM ${table} AS t`,
        bound,
      )
      said.push(...figures(by, rows[0] ?? {}))
    }
    return said
  } finally {
    store.close()
  }
}

/** Names that mean the same calls in every command, though they are no measures. */
async function agree(world: World): Promise<number> {
  const known = await reference(world)
  let compared = 0
  const differing: string[] = []
  const hold = (where: string, said: readonly Said[]): void => {
    for (const one of said) {
      const id = `${where}: ${one.key}`
      const other = known.get(id)
      if (other === undefined) known.set(id, one)
      else {
        compared++
        if (!same(other.value, one.value))
          differing.push(`${id}: ${String(other.value)} by ${other.by}, ${String(one.value)} by ${one.by}`)
      }
    }
  }
  hold('all', await addedUp(world))
  for (const { command, options = {}, by, needsAll } of asked) {
    if (needsAll && !world.holdsAll) continue
    const report = await reportOf(command, world, options)
    for (const section of report.sections) {
      if (otherScopes.has(section.id)) continue
      const name = `${command} ${section.id}`
      hold('all', figures(name, wholeOf(section)))
      if (by !== true) continue
      for (const row of featuresOf(section))
        hold(
          `feature ${String(row['feature'] ?? null)}`,
          figures(name, row).filter(({ key }) => key !== 'feature' && !key.endsWith('_share')),
        )
    }
  }
  expect(differing).toEqual([])
  return compared
}

const tiers = 'tier,user_id,monthly_revenue\npro,u1,20\nfree,u2,\nfree,u9,5\n'
const configIn = (room: string): string => {
  write(join(room, 'tiers.csv'), tiers)
  return write(
    join(room, 'llmcost.config.json'),
    JSON.stringify({ user_tiers: 'tiers.csv', user_caps: { request_usd: 0.01, daily_usd: 1 } }),
  )
}

describe('one name, one number', () => {
  test('over the demo log', async () => {
    const db = workshop.store()
    await ingestInto(db, [fileURLToPath(new URL('../../fixtures/demo', import.meta.url))])
    const world = {
      db,
      since: '2026-08-31',
      until: '2026-09-28',
      config: configIn(workshop.room()),
      holdsAll: false,
    }
    expect(await agree(world)).toBeGreaterThan(300)
  })

  test('over logs with hits, failures, attempts, caches, and models and tiers without a price', async () => {
    const record = fc.record(
      {
        hour: fc.nat(7 * 24 - 1),
        model: fc.constantFrom('gpt-4o', 'gpt-4o-mini', 'claude-haiku-4-5', 'in-house-1'),
        feature: fc.constantFrom('chat', 'search', undefined),
        user_id: fc.constantFrom('u1', 'u2', 'u3', undefined),
        session_id: fc.constantFrom('s1', 's2', undefined),
        prompt_hash: fc.constantFrom('p1', 'p2', undefined),
        input_tokens: fc.nat(20_000),
        output_tokens: fc.option(fc.nat(4000), { nil: undefined }),
        cached: fc.option(fc.nat(100), { nil: undefined, freq: 2 }),
        reasoning: fc.option(fc.nat(100), { nil: undefined }),
        latency_ms: fc.option(fc.nat(60_000), { nil: undefined, freq: 4 }),
        ttft: fc.option(fc.nat(100), { nil: undefined }),
        status: fc.constantFrom('ok', 'ok', 'error', undefined),
        error: fc.constantFrom('429 Too many requests', 'timeout after 60s'),
        attempt: fc.constantFrom(1, 2, 3, undefined),
        cache_hit: fc.constantFrom(true, false, false, undefined),
        cache_type: fc.constantFrom('exact', 'semantic'),
        finish_reason: fc.constantFrom('stop', 'length', 'tool_calls', undefined),
        max_tokens: fc.constantFrom(1000, undefined),
        service_tier: fc.constantFrom('flex', 'batch', undefined, undefined),
        web_search_requests: fc.constantFrom(3, undefined, undefined),
        cost: fc.option(fc.nat(1_000_000), { nil: undefined }),
        quality_score: fc.option(fc.integer({ min: 0, max: 10 }), { nil: undefined }),
        user_feedback: fc.constantFrom(1, -1, undefined),
      },
      { noNullPrototype: true },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 60, maxLength: 150 }), async (records) => {
        const lines = records.map(
          ({ hour, cached, reasoning, ttft, error, cache_type: type, cost, ...call }, i) =>
            JSON.stringify({
              id: `call-${i}`,
              timestamp: new Date(Date.UTC(2026, 8, 21, hour)).toISOString(),
              ...call,
              ...(cached === undefined
                ? {}
                : { cache_read_input_tokens: Math.floor((call.input_tokens * cached) / 100) }),
              ...(reasoning === undefined || call.output_tokens === undefined
                ? {}
                : { reasoning_tokens: Math.floor((call.output_tokens * reasoning) / 100) }),
              ...(ttft === undefined || call.latency_ms === undefined
                ? {}
                : { ttft_ms: Math.floor((call.latency_ms * ttft) / 100) }),
              ...(call.status === 'error' ? { error } : {}),
              ...(call.cache_hit === true ? { cache_type: type } : {}),
              ...(cost === undefined ? {} : { cost_usd: cost / 1e6 }),
            }),
        )
        const room = workshop.room()
        const db = workshop.store()
        await ingestInto(db, [write(join(room, 'log.jsonl'), lines.join('\n'))])
        await agree({ db, since: '2026-09-21', until: '2026-09-28', config: configIn(room), holdsAll: true })
      }),
      // Each asks every command: few, but of many calls.
      { numRuns: 3 },
    )
  })
})
