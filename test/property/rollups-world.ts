/** Logs with every label and figure that cubes know, and what may happen to a store that holds them. */
import { join } from 'node:path'
import fc from 'fast-check'
import { Database } from '../../src/db/database.js'
import type { StoreOptions } from '../../src/db/store-lock.js'
import { forgetFiles } from '../../src/ingest/forget.js'
import { repriceCalls } from '../../src/ingest/reprice.js'
import { loadPriceBook } from '../../src/pricing/book.js'
import { writeCalls } from '../../src/rollups/upkeep.js'
import { ask, ingestInto, write, type Choices } from './ingesting.js'

export const cubed: StoreOptions = {
  threads: 1,
  memoryLimit: '512MiB',
  lockTimeoutMs: 5_000,
  rollups: 'always',
}

/** So many ids are known to two sources: a log of one's own, and the provider's responses. */
const twins = 12
const nameOf = (id: number): string => (id < twins ? `chatcmpl-${'a'.repeat(20)}${id}` : `call-${id}`)
const twin = (id: number): { model: string; input: number; cached: null; output: number } => ({
  model: 'gpt-4o',
  input: 1000 + id,
  cached: null,
  output: 3 + id,
})

/** What the provider answered to a call of both sources. */
const responseOf = (id: number, minute: number): string => {
  const { model, input, output } = twin(id)
  return JSON.stringify({
    id: nameOf(id),
    object: 'chat.completion',
    created: start / 1000 + minute * 60,
    model,
    choices: [{ index: 0, finish_reason: 'length', message: { role: 'assistant', content: '' } }],
    usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
  })
}

const start = Date.UTC(2026, 9, 1)

/** Few of each, so that cells hold several calls. */
const places = [
  {
    feature: 'chat',
    endpoint: '/v1/a',
    team: 'red',
    environment: 'production',
    project: 'p',
    operation: 'chat',
  },
  {
    feature: 'search',
    endpoint: '/v1/b',
    team: null,
    environment: 'staging',
    project: null,
    operation: 'embedding',
  },
  { feature: null, endpoint: null, team: null, environment: null, project: null, operation: null },
]
const ends = [
  { status: 'ok', finish_reason: 'stop', cache_hit: false, service_tier: 'batch' },
  { status: 'ok', finish_reason: 'length', cache_hit: null, service_tier: 'standard' },
  { status: 'error', finish_reason: null, cache_hit: null, service_tier: null },
  { status: null, finish_reason: 'stop', cache_hit: true, service_tier: null },
]

/** From the first moment of the logs: in a few hours of three days. */
const minute = fc
  .tuple(fc.nat(2), fc.constantFrom(0, 9, 17, 23), fc.nat(59))
  .map(([day, hour, one]) => (day * 24 + hour) * 60 + one)

/** A record of a log. */
const record = fc
  .record({
    id: fc.option(fc.nat(40), { nil: null }),
    minute,
    second: fc.nat(59_999),
    model: fc.constantFrom('gpt-4o', 'gpt-4o-mini', 'in-house-1'),
    place: fc.constantFrom(...places),
    user: fc.constantFrom('u1', 'u2', null),
    input: fc.option(fc.constantFrom(0, 7, 1_000, 999_999_999), { nil: null }),
    cached: fc.constantFrom(0, 5, null),
    output: fc.option(fc.constantFrom(0, 3, 500), { nil: null }),
    cost: fc.constantFrom(null, 0.000001, 0.1, 99_999.999999),
    latency: fc.constantFrom(null, 0.1, 1234.5678, 90_000),
    end: fc.constantFrom(...ends),
    kind: fc.constantFrom('exact', 'semantic', null),
    attempt: fc.constantFrom(1, 2, null),
    max: fc.constantFrom(100, null),
    score: fc.constantFrom(0.3, 0.7, null),
  })
  .map((one) => {
    // What follows from an id stays the same in all its copies, less what a copy may know better.
    const known = one.id === null || one.id >= twins ? one : { ...one, ...twin(one.id) }
    const told = {
      ...(one.id === null ? {} : { request_id: nameOf(one.id) }),
      timestamp: new Date(start + one.minute * 60_000 + one.second).toISOString(),
      model: known.model,
      ...one.place,
      user_id: one.user,
      input_tokens: known.input,
      cached_tokens:
        known.input === null || known.cached === null || known.cached > known.input ? null : known.cached,
      output_tokens: known.output,
      cost_usd: one.cost,
      latency_ms: one.latency,
      ...one.end,
      cache_type: one.end.cache_hit === true ? one.kind : null,
      attempt: one.attempt,
      max_tokens: one.max,
      quality_score: one.score,
    }
    return JSON.stringify(Object.fromEntries(Object.entries(told).filter(([, value]) => value !== null)))
  })

const records = fc.array(record, { minLength: 1, maxLength: 60 })
const responses = fc
  .array(fc.tuple(fc.nat(twins - 1), minute), { minLength: 1, maxLength: 12 })
  .map((all) => all.map(([id, minute]) => responseOf(id, minute)))

export type Step =
  | { readonly kind: 'ingest' | 'grow' | 'replace'; readonly file: number; readonly lines: readonly string[] }
  | { readonly kind: 'forget'; readonly file: number }
  | { readonly kind: 'reprice'; readonly usd: number }

const file = fc.nat(2)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('ingest' as const), file, lines: records }),
  fc.record({ kind: fc.constant('grow' as const), file, lines: records }),
  fc.record({ kind: fc.constant('replace' as const), file, lines: records }),
  fc.record({
    kind: fc.constantFrom('ingest' as const, 'replace' as const),
    file: fc.constant(3),
    lines: responses,
  }),
  fc.record({ kind: fc.constant('forget' as const), file: fc.nat(3) }),
  fc.record({ kind: fc.constant('reprice' as const), usd: fc.integer({ min: 1, max: 9 }) }),
)

/** What happens to a store; it begins with calls. */
export const steps = (count: number): fc.Arbitrary<readonly Step[]> =>
  fc
    .tuple(records, fc.array(step, { minLength: count, maxLength: count }))
    .map(([lines, rest]) => [{ kind: 'ingest', file: 0, lines }, ...rest])

/** Takes the steps one after another, each in a run of its own. */
export class World {
  readonly #files = new Map<number, string[]>()
  readonly #room: string
  readonly #db: string
  readonly #store: StoreOptions
  #prices: string[] = []

  constructor(room: string, db: string, store: StoreOptions) {
    this.#room = room
    this.#db = db
    this.#store = store
  }

  async take(one: Step): Promise<void> {
    switch (one.kind) {
      case 'ingest':
      case 'grow':
      case 'replace': {
        const before = one.kind === 'grow' ? (this.#files.get(one.file) ?? []) : []
        // A file that is there is not ingested under its name with other lines but by --replace.
        const replace = one.kind !== 'grow' && this.#files.has(one.file)
        this.#files.set(one.file, [...before, ...one.lines])
        await this.#ingest(one.file, { replace })
        return
      }
      case 'forget':
        if (this.#files.has(one.file)) await this.#forget(one.file)
        return
      case 'reprice':
        await this.#reprice(one.usd)
    }
  }

  #path(file: number): string {
    return join(this.#room, `log-${file}.jsonl`)
  }

  async #ingest(file: number, choices: Choices): Promise<void> {
    const lines = this.#files.get(file)!
    write(this.#path(file), `${lines.join('\n')}\n`)
    await ingestInto(this.#db, [this.#path(file)], {
      store: this.#store,
      priceFiles: this.#prices,
      ...choices,
    })
  }

  async #forget(file: number): Promise<void> {
    this.#files.delete(file)
    const rows = await ask(this.#db, `SELECT file_id FROM files WHERE path = '${this.#path(file)}'`)
    await this.#writing((db) =>
      forgetFiles(
        db,
        rows.map((row) => Number(row['file_id'])),
        'list-first',
        this.#store.archive,
      ),
    )
  }

  async #reprice(usd: number): Promise<void> {
    this.#prices = [
      write(
        join(this.#room, `prices-${usd}.csv`),
        `model,input,output\nin-house-1,${usd},${usd * 2}\ngpt-4o,${usd}.000000001,3\n`,
      ),
    ]
    const book = await loadPriceBook({ overrideFiles: this.#prices, updatesFile: undefined })
    await this.#writing((db) => repriceCalls(db, book, 'list-first'))
  }

  async #writing(work: (db: Database) => Promise<unknown>): Promise<void> {
    const db = await Database.open(':memory:', 'write', this.#store)
    try {
      await writeCalls(db, this.#db, this.#store, () => work(db))
    } finally {
      db.close()
    }
  }
}
