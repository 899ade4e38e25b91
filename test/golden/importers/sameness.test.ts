/** Which records are one call: the cases that people have, each with what must come of it. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { Database } from '../../../src/db/database.js'
import { schemaVersion } from '../../../src/db/schema.js'
import { tablesAt } from '../../../src/db/shape.js'
import { openStoreForReading } from '../../../src/db/store.js'
import { callColumns } from '../../../src/domain/call.js'
import { writeExport } from '../../../src/exports/write.js'
import { exportedCalls } from '../../../src/metrics/exports/exported-calls.js'
import { severalSourcesQuery } from '../../../src/metrics/store/status.js'
import { ask, ingestInto, type Choices } from '../../property/ingesting.js'
import { workshop } from './reading.js'

const folder = fileURLToPath(new URL('../../../fixtures/sameness', import.meta.url))
const file = (name: string): string => join(folder, name)

interface Outcome {
  /** Of the run: lines, imported, duplicates, superseded, skipped, rejected. */
  readonly totals: readonly number[]
  readonly notes: readonly string[]
  readonly calls: readonly Readonly<Record<string, unknown>>[]
}

const columns = 'call_id, logged_id, source, model, input_tokens, output_tokens, cost_usd'

async function read(names: readonly string[], choices: Choices = {}, select = columns): Promise<Outcome> {
  const db = workshop.store()
  const { totals, notes } = await ingestInto(db, names.map(file), choices)
  const calls = await ask(db, `SELECT ${select} FROM calls ORDER BY ts, model, call_id`)
  const { lines, imported, duplicates, superseded, skipped, rejected } = totals
  return { totals: [lines, imported, duplicates, superseded, skipped, rejected], notes, calls }
}

const sorted = (values: readonly unknown[]): string[] => values.map(String).sort()

describe('an id that may name several calls', () => {
  test('four calls of one web request are four; a record that was written twice is one', async () => {
    const { totals, notes, calls } = await read(['web-request/app.jsonl'])
    expect(totals).toEqual([6, 5, 1, 0, 0, 0])
    expect(notes).toEqual([
      '4 calls share 1 id with calls that differ: each was kept, under the id, ~ and a hash; if such an id is that of one call, --map call_id=<field> says so',
    ])
    expect(calls.map((call) => [call['model'], call['logged_id'], call['cost_usd']])).toEqual([
      // 120 × 0.15 + 20 × 0.60, 24 × 0.02, 3000 × 2.50 + 400 × 10, 420 × 0.15 + 2 × 0.60, 10 × 2.50 + 10 × 10
      ['gpt-4o-mini', 'req-7', '0.000030000000'],
      ['text-embedding-3-small', 'req-7', '0.000000480000'],
      ['gpt-4o', 'req-7', '0.011500000000'],
      ['gpt-4o-mini', 'req-7', '0.000064200000'],
      ['gpt-4o', null, '0.000125000000'],
    ])
    for (const { call_id: id, logged_id: logged } of calls)
      expect(id).toMatch(logged === null ? /^req-8$/ : /^req-7~[0-9a-f]{12}$/)
  })

  test('twenty turns under the id of their conversation are twenty', async () => {
    const { totals, calls } = await read(['conversation/chat.jsonl'])
    expect(totals).toEqual([20, 20, 0, 0, 0, 0])
    expect(calls.reduce((sum, call) => sum + Number(call['input_tokens']), 0)).toBe(21_000)
  })

  test('a failed attempt that was billed stays beside the next one', async () => {
    const { totals, calls } = await read(['attempts/retries.jsonl'])
    expect(totals).toEqual([4, 4, 0, 0, 0, 0])
    expect(sorted(calls.map((call) => call['logged_id'] ?? call['call_id']))).toEqual([
      'job-1',
      'job-1',
      'job-2',
      'job-2',
    ])
  })

  test('who knows that an id is that of one call says so by --map', async () => {
    const { totals, calls, notes } = await read(['web-request/app.jsonl'], {
      read: { map: { call_id: 'request_id' } },
    })
    expect([totals, notes]).toEqual([[6, 2, 2, 2, 0, 0], []])
    expect(calls.map((call) => [call['call_id'], call['output_tokens']])).toEqual([
      ['req-7', 400],
      ['req-8', 10],
    ])
  })

  test('the few ids that a local server counts through are nobody’s', async () => {
    const { totals, calls } = await read(['short-ids/local.jsonl'])
    expect(totals).toEqual([2, 2, 0, 0, 0, 0])
    expect(calls.map((call) => call['logged_id'])).toEqual(['chatcmpl-587', 'chatcmpl-587'])
  })
})

describe('a call in the logs of several sources', () => {
  const names = (of: string): string[] => ['own', 'litellm', 'openai'].map((name) => `${of}/${name}.jsonl`)
  const id = 'chatcmpl-CY1k8GQnJxq2pXbWm4Tz7aLr'

  test('counts once: the provider’s answer gives it, the others fill its gaps', async () => {
    const { totals, notes, calls } = await read(
      names('several-sources'),
      {},
      `call_id, source, model, cache_read_input_tokens, feature, team, user_id, reported_cost_usd, tags['plan'] AS plan, cost_usd`,
    )
    expect(totals).toEqual([3, 1, 2, 0, 0, 0])
    expect(notes).toEqual([
      '2 calls are in logs of another source too and count once, as duplicates of it; --keep-across-sources counts both',
    ])
    expect(calls).toEqual([
      {
        call_id: id,
        source: 'openai',
        model: 'gpt-4o-2024-08-06',
        cache_read_input_tokens: 600,
        feature: 'chat',
        team: 'team-a',
        user_id: 'u1',
        reported_cost_usd: '0.004500000000',
        plan: 'pro',
        // 400 × 2.50 + 600 × 1.25 + 200 × 10
        cost_usd: '0.003750000000',
      },
    ])
  })

  test('counts once however each source names its model: with a date, a prefix, as an alias', async () => {
    const { totals, calls } = await read(names('names'), {}, 'source, provider, model, cost_usd')
    expect(totals).toEqual([33, 11, 22, 0, 0, 0])
    // A clone's answer does not say whose it is: the gateway does, and so there is a price.
    expect(calls.filter((call) => call['provider'] === 'groq')).toEqual([
      {
        source: 'openai',
        provider: 'groq',
        model: 'groq/llama-3.3-70b-versatile',
        // 1000 × 0.59 + 200 × 0.79
        cost_usd: '0.000748000000',
      },
    ])
  })

  test('stays twice where the sources disagree, and this is said', async () => {
    const { totals, notes, calls } = await read(names('disagreeing'))
    expect(totals).toEqual([3, 2, 1, 0, 0, 0])
    expect(notes.at(-1)).toBe(
      `1 id of a call is in logs of several sources with other tokens or models; all were kept, so they may count twice: ${id}`,
    )
    expect(sorted(calls.map((call) => `${String(call['source'])} ${String(call['output_tokens'])}`))).toEqual(
      ['litellm 260', 'openai 200'],
    )
  })

  test.each([
    ['disagree', 'disagreeing', {}, [1, id]],
    ['agree', 'several-sources', {}, [0, null]],
    ['are kept apart on purpose', 'several-sources', { read: { keepAcrossSources: true } }, [0, null]],
  ] as const)('status tells it where the sources %s', async (_, of, choices, told) => {
    const db = workshop.store()
    await ingestInto(db, names(of).map(file), choices)
    const [row] = await ask(db, severalSourcesQuery().sql)
    expect([Number(row!['ids']), row!['example']]).toEqual(told)
  })

  test('--keep-across-sources counts all', async () => {
    const { totals, calls } = await read(names('several-sources'), {
      read: { keepAcrossSources: true },
    })
    expect(totals).toEqual([3, 3, 0, 0, 0, 0])
    expect(calls.map((call) => call['call_id'])).toEqual([id, id, id])
  })

  test('a rehearsal counts as the run does', async () => {
    const db = workshop.store()
    const [own, ...others] = names('several-sources').map(file)
    await ingestInto(db, [own!])
    const rehearsed = await ingestInto(db, others, { dryRun: true })
    const done = await ingestInto(db, others)
    expect(rehearsed.totals).toEqual(done.totals)
    expect(done.totals.duplicates).toBe(2)
  })
})

describe('a call of Claude Code, in its session and among its events', () => {
  const files = ['session', 'agent-a1', 'events'].map((name) => file(`claude-code/${name}.jsonl`))
  const [session = '', agent = '', events = ''] = files
  const select = `SELECT call_id, source, output_tokens, cache_creation_1h_input_tokens AS hourly, reported_cost_usd, latency_ms,
    tags['query_source'] AS asked_by, unread_usage, partly_priced, cost_usd FROM calls ORDER BY ts`
  const once = [
    // 10 × 3 + 2000 × 0.30 + 1000 × 6 + 400 × 15
    ['msg_01CallOne0000000000001', 'claude-code', 400, 1000, '0.012630000000', 7040, '0.012630000000'],
    // The session was written before the answer ended: 20 × 3 + 3000 × 0.30 + 600 × 15
    ['msg_01CallTwo0000000000002', 'claude-code', 600, 0, '0.009960000000', 9000, '0.009960000000'],
    // 30 × 3 + 500 × 3.75 + 50 × 15
    ['msg_01Agent00000000000003', 'claude-code', 50, 0, '0.002715000000', 2100, '0.002715000000'],
    // No session tells of it: 100 × 3 + 10 × 15
    ['req_011Title0000000000004', 'otel', 10, null, '0.000450000000', 900, '0.000450000000'],
  ]

  const stored = async (db: string): Promise<unknown> =>
    (await ask(db, select)).map((row) => {
      expect([row['unread_usage'], row['partly_priced']]).toEqual([null, false])
      return [
        'call_id',
        'source',
        'output_tokens',
        'hourly',
        'reported_cost_usd',
        'latency_ms',
        'cost_usd',
      ].map((name) =>
        /tokens|hourly|latency/.test(name) && row[name] !== null ? Number(row[name]) : row[name],
      )
    })

  test('counts once: the session knows how long the cache lasts, the event what was reported and how long it took', async () => {
    const db = workshop.store()
    const { totals, notes } = await ingestInto(db, files)
    const { lines, imported, duplicates, superseded, skipped, rejected } = totals
    expect([lines, imported, duplicates, superseded, skipped, rejected]).toEqual([10, 4, 5, 1, 0, 0])
    expect(notes).toEqual([
      '3 calls are in logs of another source too and count once, as duplicates of it; --keep-across-sources counts both',
    ])
    expect(await stored(db)).toEqual(once)
  })

  test.each([
    ['events first', [[events], [session], [agent]]],
    ['events last', [[agent], [session], [events]]],
    ['the sessions between', [[agent], [events], [session]]],
  ])('the same in runs of their own: %s', async (_, runs) => {
    const db = workshop.store()
    for (const run of runs) await ingestInto(db, run)
    expect(await stored(db)).toEqual(once)
    await ingestInto(db, [session, events], { replace: true })
    expect(await stored(db)).toEqual(once)
  })

  test.each([
    ['its sessions', [session, agent], [events]],
    ['its events', [events], [session, agent]],
    ['both', files, files],
  ])('and what another store has of it, %s, comes in each once', async (_, theirs, ours) => {
    const other = workshop.store()
    await ingestInto(other, theirs)
    const room = workshop.room()
    const exported = join(room, 'calls.jsonl')
    const db = await openStoreForReading(other, { lockTimeoutMs: 5_000 }, [room])
    try {
      const { sql, params } = exportedCalls({ since: null, until: null, tz: 'UTC', filters: [] })
      await writeExport(db, { columns: callColumns, sql, params }, 'jsonl', { path: exported, force: false })
    } finally {
      db.close()
    }
    for (const runs of [
      [ours, [exported]],
      [[exported], ours],
    ]) {
      const team = workshop.store()
      for (const run of runs) await ingestInto(team, run)
      expect(await stored(team)).toEqual(once)
    }
  })

  test('a store of an older version reads the sessions again for it', async () => {
    const path = workshop.store()
    await ingestInto(path, [session, agent])
    const db = await Database.open(':memory:', 'write', { threads: 1 })
    await db.run(`ATTACH '${path}' AS store`)
    for (const table of ['calls', 'same_calls'])
      await db.run(`ALTER TABLE store.${table} DROP COLUMN request_ids`)
    for (const table of tablesAt(schemaVersion).keys())
      if (!tablesAt(4).has(table)) await db.run(`DROP TABLE store.${table}`)
    await db.run("UPDATE store.meta SET value = '4' WHERE key = 'schema_version'")
    await db.run('DETACH store')
    db.close()
    await ingestInto(path, [events])
    const { files: read } = await ingestInto(path, [session, agent])
    expect(read.map(({ note }) => note)).toEqual(
      Array(2).fill('read again: its calls are known by the ids of their requests too'),
    )
    expect(await stored(path)).toEqual(once)
  })
})

test('of a trace the spans that sum up others are no calls, nor those without usage', async () => {
  const { totals, notes, calls } = await read(['trace/spans.jsonl'])
  expect(totals).toEqual([7, 4, 0, 0, 3, 0])
  expect(notes).toEqual([
    '2 records sum up the calls below them in their trace and are no calls',
    '1 record has calls below it in its trace and more tokens than they: it counts beside them',
  ])
  expect(calls.map((call) => call['input_tokens'])).toEqual([100, 50, 900, 90])
})
