/** Logs with a saving that is known beforehand, and what strategies find in them. */
import { afterAll, beforeAll } from 'vitest'
import { Database } from '../../../src/db/database.js'
import { writeStore } from '../../../src/db/store.js'
import type { Scope } from '../../../src/domain/scope.js'
import { quoteText } from '../../../src/domain/words/quoting.js'
import { history } from '../../../src/metrics/store/history.js'
import { readAssumptions } from '../../../src/optimize/assumptions.js'
import { strategyOf } from '../../../src/optimize/registry.js'
import type { Asking } from '../../../src/optimize/gains.js'
import type { Candidate } from '../../../src/optimize/strategy.js'
import { loadPriceBook, type PriceBook } from '../../../src/pricing/book.js'
import { askingsOf, askOptimized, withPrices, type Outcome } from '../../../src/questions/optimizing.js'
import { ask } from '../../../src/questions/question.js'

/** Columns of `calls`; what is left out is NULL. Money as texts. */
export type Planted = Readonly<Record<string, string | number | boolean | null>>

/** Thirty days, so that the window's saving is a month's. */
export const scope: Scope = {
  since: '2026-09-01T00:00:00.000Z',
  until: '2026-10-01T00:00:00.000Z',
  tz: 'UTC',
  filters: [],
}

const start = Date.parse(scope.since!)

/** A moment of the window. */
export const at = (ms: number): string => new Date(start + ms).toISOString().replace('T', ' ').slice(0, 23)
export const second = 1000
export const minute = 60_000
export const hour = 3_600_000
export const day = 24 * hour

/** A call at list prices by its parts, USD. */
export function paid(parts: { input?: string; read?: string; write?: string; output?: string }): Planted {
  const { input = '0', read = '0', write = '0', output = '0' } = parts
  const total = `${input} + ${read} + ${write} + ${output}`
  return {
    list_input_cost_usd: input,
    list_cache_read_cost_usd: read,
    list_cache_write_cost_usd: write,
    list_output_cost_usd: output,
    list_cost_usd: `=${total}`,
    cost_usd: `=${total}`,
    cost_basis: 'list',
  }
}

export interface Place {
  readonly db: Database
  /** Replaces the calls. */
  readonly plant: (calls: readonly Planted[]) => Promise<void>
  readonly find: (id: string, ...assumed: string[]) => Promise<Outcome>
}

/** A store in memory for the tests of a file. */
export function plantedStore(threads = 1): Place {
  let db: Database
  beforeAll(async () => {
    db = await Database.open(':memory:', 'write', { threads })
    await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
    await db.run('USE store')
  })
  afterAll(() => db.close())
  return {
    get db() {
      return db
    },
    plant: (calls) => plant(db, calls),
    find: async (id, ...assumed) => {
      const strategy = strategyOf(id, '--strategy')
      const askings = await priced(db, askingsOf([strategy], readAssumptions([strategy], assumed)))
      const [past] = await ask(db, history('2026-10-01T00:00:00.000Z'))
      const { outcomes } = await askOptimized(
        { db, scope, history: past!, asOf: new Date(scope.until!) },
        askings,
        100,
      )
      return outcomes[0]!
    },
  }
}

let book: Promise<PriceBook> | undefined

/** Strategies that ask for prices have those of the price data. */
export async function priced(
  db: Database,
  askings: readonly Asking[],
  wanted: { candidates: readonly Candidate[]; shares: readonly bigint[] } = { candidates: [], shares: [] },
): Promise<Asking[]> {
  book ??= loadPriceBook({ overrideFiles: [], updatesFile: undefined })
  return withPrices({ db, scope: { ...scope, since: null, until: null } }, askings, await book, wanted)
}

async function plant(db: Database, calls: readonly Planted[]): Promise<void> {
  await db.run('DELETE FROM calls')
  const common: Planted = {
    source: 'test',
    ts: at(0),
    operation: 'chat',
    model: 'm',
    provider: 'p',
    feature: 'f',
    status: 'ok',
  }
  const rows = calls.map((call, i): Planted => ({ call_id: `c${i}`, ...common, ...call }))
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const sql = (value: Planted[string] | undefined): string =>
    value === undefined || value === null
      ? 'NULL'
      : typeof value !== 'string'
        ? String(value)
        : value.startsWith('=')
          ? value
              .slice(1)
              .split('+')
              .map((part) => `CAST(${quoteText(part.trim())} AS DECIMAL(18,12))`)
              .join(' + ')
          : quoteText(value)
  for (let i = 0; i < rows.length; i += 1000) {
    const values = rows.slice(i, i + 1000).map((row) => `(${names.map((name) => sql(row[name])).join(', ')})`)
    await db.run(`INSERT INTO calls (${names.join(', ')}) VALUES ${values.join(', ')}`)
  }
}

/** Prices of provider p's model m at any time, USD per million tokens; what is left out has none. */
export async function plantRates(db: Database, rows: readonly Planted[]): Promise<void> {
  await db.run('DELETE FROM rates')
  const common: Planted = {
    provider: 'p',
    model: 'm',
    mode: 'standard',
    valid_from: '2015-01-01 00:00:00',
    valid_to: '2100-01-01 00:00:00',
    band_lo: -1,
    band_hi: 9_000_000_000,
    minute_lo: 0,
    minute_hi: 1440,
    price_source: 'test',
  }
  for (const row of rows) {
    const all = Object.entries({ ...common, ...row })
    const values = all.map(([, value]) => (typeof value === 'string' ? quoteText(value) : String(value)))
    await db.run(`INSERT INTO rates (${all.map(([name]) => name).join(', ')}) VALUES (${values.join(', ')})`)
  }
}

/** The sentence of the segment that saves most. */
export const changeOf = ({ strategy, segments, values }: Outcome): string =>
  strategy.change(segments[0]!, (name) => values.get(name)!)

/** The saving in all, USD. */
export const saved = (outcome: Outcome): string | undefined => outcome.total?.saving_usd
