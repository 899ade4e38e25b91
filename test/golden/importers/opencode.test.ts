/** OpenCode's databases and messages. Counts and costs are those that the rows say, added up by hand. */
import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { opencode } from '../../../src/importers/agents/opencode.js'
import { ask, ingestInto, write } from '../../property/ingesting.js'
import { database, text } from './databases.js'
import { fixtures, marker, readFiles, workshop } from './reading.js'

afterAll(() => workshop.close())

const sums = `SELECT count(*) AS calls, sum(input_tokens) AS input, sum(cache_read_input_tokens) AS read, sum(cache_creation_input_tokens) AS write,
  sum(output_tokens) AS output, sum(reasoning_output_tokens) AS reasoning, CAST(sum(reported_cost_usd) AS DOUBLE) AS cost FROM calls`

async function sumsOf(...paths: readonly string[]): Promise<unknown[]> {
  const store = workshop.store()
  await ingestInto(store, paths)
  return Object.values((await ask(store, sums))[0]!)
}

const at = (...names: string[]): string => join(fixtures, 'opencode', ...names)

const session = `CREATE TABLE session (id TEXT PRIMARY KEY, parent_id TEXT, directory TEXT, version TEXT, time_created INTEGER)`
const message = `CREATE TABLE message (id TEXT PRIMARY KEY, session_id TEXT, time_created INTEGER, data TEXT)`

const said = (tokens: unknown, others: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  role: 'assistant',
  modelID: 'claude-sonnet-4-5',
  providerID: 'anthropic',
  cost: 0.01,
  tokens,
  time: { created: 1790000000000, completed: 1790000002500 },
  ...others,
})
const plain = { input: 10, output: 5, reasoning: 0, cache: { read: 1, write: 2 } }
const row = (id: string, data: unknown, of = 's1'): string =>
  `INSERT INTO message VALUES (${text(id)}, ${text(of)}, 1790000000000, ${text(data)})`

describe('the samples', () => {
  test('a database of the first version: fork copies, users, rows without counts are no calls', async () => {
    const { calls, counts, rejects, importers } = await readFiles([at('v1', 'opencode.db')])
    expect(importers).toEqual(['opencode'])
    expect(counts).toEqual([[15, 6, 1, 0, 7, 1]])
    expect(rejects.map(([, reason]) => reason)).toEqual(['not JSON'])
    expect(await sumsOf(at('v1', 'opencode.db'))).toEqual([6, 9250, 3300, 50, 2650, 125, 0.262])
    // The copy in the fork is the one that goes.
    const byId = calls.map((call) => [
      call['revision_id'],
      call['session_id'],
      call['root_session_id'],
      call['project'],
    ])
    expect(byId).toEqual([
      ['1 root_row', 'root_session', undefined, 'myproject'],
      ['2 fork_new_row', 'fork_session', undefined, 'myproject'],
      ['1 child_row', 'child_session', 'root_session', 'myproject'],
      ['1 same_ts_1', 'root_session', undefined, 'myproject'],
      ['1 same_ts_2', 'child_session', 'root_session', 'myproject'],
      ['1 archived_row', 'archived_session', undefined, 'other'],
    ])
  })

  test('the total tells that output includes reasoning; without it that is said', async () => {
    const { calls } = await readFiles([at('v1', 'opencode.db')])
    const unclear = 'tokens.reasoning (in output, or beside it)'
    expect(calls.map((call) => [call['output_tokens'], call['unread_usage']])).toEqual([
      [500, unclear],
      [650, unclear],
      [150, undefined], // 90 + 60, since 700 + 3,000 + 90 + 60 = 3,850
      [500, undefined],
      [750, undefined],
      [100, undefined],
    ])
  })

  test('a message in the older store and in the database is one call', async () => {
    expect(await sumsOf(at('json-and-db'))).toEqual([3, 1300, 0, 0, 500, 0, null])
    // Whichever is read first, and apart.
    const store = workshop.store()
    await ingestInto(store, [at('json-and-db', 'storage')])
    await ingestInto(store, [at('json-and-db', 'opencode.db')])
    expect(Object.values((await ask(store, sums))[0]!)).toEqual([3, 1300, 0, 0, 500, 0, null])
  })

  test('a call that is in the write-ahead log alone is read', async () => {
    expect(await sumsOf(at('wal', 'opencode.db'))).toEqual([2, 1300, 1000, 0, 120, 0, 0.03])
  })

  test('a database of the second version', async () => {
    expect(await sumsOf(at('v2', 'opencode.db'))).toEqual([2, 26712, 23000, 2500, 880, 180, 0.0341])
    const { calls } = await readFiles([at('v2', 'opencode.db')])
    expect(calls.map((call) => [call['provider'], call['model'], call['ts'], call['latency_ms']])).toEqual([
      ['openai', 'gpt-5.5', '2026-05-28T20:26:41Z', 2000],
      ['anthropic', 'claude-sonnet-5', '2026-05-28T20:26:45Z', 2000],
    ])
  })
})

test('a fork that outlives the session it was copied from is no second call', async () => {
  const path = join(workshop.room(), 'opencode.db')
  const store = workshop.store()
  database(path, session, message, row('m1', said(plain)))
  await ingestInto(store, [path])
  database(path, row('m2', said(plain), 's2'), `DELETE FROM message WHERE id = 'm1'`)
  await ingestInto(store, [path])
  expect(Object.values((await ask(store, sums))[0]!)).toEqual([1, 13, 1, 2, 5, 0, 0.01])
})

test('a copy of a message with other counts is the same message, and its last counts are read', async () => {
  const room = workshop.room()
  const path = database(join(room, 'opencode.db'), session, message, row('m1', said({ ...plain, output: 9 })))
  const old = write(
    join(room, 'storage/message/s1/m1.json'),
    JSON.stringify({ id: 'm1', sessionID: 's1', ...said(plain) }),
  )
  expect(await sumsOf(path, old)).toEqual([1, 13, 1, 2, 9, 0, 0.01])
})

test('what grows in the write-ahead log is read by its change alone, and once', async () => {
  const room = workshop.room()
  cpSync(at('wal', 'opencode.db'), join(room, 'opencode.db'))
  const store = workshop.store()
  await ingestInto(store, [room])
  expect((await ask(store, sums))[0]!['calls']).toBe(1)
  cpSync(at('wal', 'opencode.db-wal'), join(room, 'opencode.db-wal'))
  const again = await ingestInto(store, [room])
  expect(again.files.map(({ state }) => state)).toEqual(['read'])
  expect(Object.values((await ask(store, sums))[0]!)).toEqual([2, 1300, 1000, 0, 120, 0, 0.03])
  const third = await ingestInto(store, [room])
  expect(third.files.map(({ state }) => state)).toEqual(['unchanged'])
})

test('labels, errors and lengths; what people wrote is nowhere', async () => {
  const path = database(
    join(workshop.room(), 'opencode.db'),
    session,
    message,
    `INSERT INTO session VALUES ('s1', NULL, '/work/shop', '1.9.0', 1789999999000)`,
    row(
      'm1',
      said(plain, {
        agent: 'build',
        finish: 'length',
        error: { name: 'MessageOutputLengthError', data: { message: marker } },
        path: { cwd: '/work/shop/api', root: '/work/shop' },
        summary: marker,
      }),
    ),
  )
  const { calls, everything } = await readFiles([path])
  expect(calls[0]).toMatchObject({
    project: 'shop',
    feature: 'shop',
    latency_ms: 2500,
    finish_reason: 'length',
    status: 'error',
    error: 'MessageOutputLengthError',
    tags: { agent: 'build', version: '1.9.0' },
  })
  expect(everything).not.toContain(marker)
})

test('an unknown count is named, and so is a total that is no sum', async () => {
  const path = database(
    join(workshop.room(), 'opencode.db'),
    session,
    message,
    row('m1', said({ ...plain, audio: 7, total: 18 })),
    row('m2', said({ ...plain, total: 99 }, { time: { created: 1790000001000 } })),
  )
  const { calls } = await readFiles([path])
  expect(calls.map((call) => [call['unread_usage'], call['partly_priced']])).toEqual([
    ['tokens.audio', true],
    ['tokens.total', true],
  ])
})

test('parts of a message in the older store are no calls', async () => {
  const room = workshop.room()
  write(join(room, 'a.json'), JSON.stringify({ id: 'm1', sessionID: 's1', ...said(plain) }))
  write(
    join(room, 'b.json'),
    JSON.stringify({
      id: 'p1',
      sessionID: 's1',
      messageID: 'm1',
      type: 'step-finish',
      cost: 0.01,
      tokens: plain,
    }),
  )
  const { counts } = await readFiles([room])
  expect(counts).toEqual([
    [1, 1, 0, 0, 0, 0],
    [1, 0, 0, 0, 1, 0],
  ])
})

test('every row is accounted for, whatever stands in it', async () => {
  const odd = fc.oneof(
    fc.constantFrom('', '{', '[]', '1', 'null', '{"role":"assistant"}', '{"role":"assistant","tokens":[]}'),
    fc.json(),
    fc
      .record({
        input: fc.oneof(fc.integer(), fc.double(), fc.string()),
        output: fc.oneof(fc.nat(), fc.constant(null)),
      })
      .map((tokens) => JSON.stringify(said(tokens))),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(odd, { minLength: 1, maxLength: 8 }), async (rows) => {
      const path = join(workshop.room(), 'opencode.db')
      database(path, session, message, ...rows.map((data, i) => row(`m${i}`, data)))
      const { files } = await ingestInto(workshop.store(), [path])
      const [file] = files
      expect(file!.lines).toBe(rows.length)
      expect(file!.imported + file!.duplicates + file!.superseded + file!.skipped + file!.rejected).toBe(
        rows.length,
      )
    }),
    { numRuns: 6 },
  )
})

test('it keeps its sessions where its environment says', () => {
  const homes = (env: Record<string, string>): unknown =>
    opencode.homes!({ home: '/h', env, platform: 'linux' })
  const files = /^opencode[^/]*\.db$|^storage\/message\/.*\.json$/
  expect(homes({})).toEqual([{ folder: '/h/.local/share/opencode', files }])
  expect(homes({ XDG_DATA_HOME: '/x' })).toEqual([{ folder: '/x/opencode', files }])
  expect(homes({ OPENCODE_DATA: '~/o/' })).toEqual([{ folder: '/h/o', files }])
})

test('several channels keep a database each', async () => {
  const room = workshop.room()
  mkdirSync(join(room, 'x'))
  for (const name of ['opencode.db', 'opencode-nightly.db'])
    database(join(room, name), session, message, row(`m-${name}`, said({ ...plain, input: name.length })))
  expect((await sumsOf(room))[0]).toBe(2)
})
