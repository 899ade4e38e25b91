/** What stands in a folder beside the logs: passed over, counted, and told where money may be in it. */
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { hasRefused, ingestReport, refusedWords } from '../../../src/reports/store/ingest.js'
import type { IngestSummary } from '../../../src/ingest/summary.js'
import { ask, ingestInto, write } from '../../property/ingesting.js'
import { workshop } from './reading.js'

afterAll(() => workshop.close())

const line = (value: unknown): string => `${JSON.stringify(value)}\n`

const call = line({
  id: 'c1',
  ts: '2026-10-05T08:00:00Z',
  model: 'gpt-4o',
  input_tokens: 10,
  output_tokens: 1,
})

const session = line({
  type: 'assistant',
  timestamp: '2026-10-05T08:00:00Z',
  sessionId: 's-1',
  uuid: 'u-1',
  requestId: 'req_1',
  version: '2.1.100',
  message: {
    id: 'msg_1',
    model: 'claude-sonnet-4-5-20250929',
    stop_reason: 'end_turn',
    usage: { input_tokens: 4, output_tokens: 187 },
  },
})

/** Files of ~/.claude that hold no calls, in the shapes that the program writes. */
const beside: Readonly<Record<string, string>> = {
  'settings.json':
    '{\n  "permissions": { "allow": ["Bash(ls:*)"] },\n  "model": "opus",\n  "maxTokens": 4096\n}\n',
  'settings.local.json': '{"env":{}}',
  'history.jsonl': line({
    display: 'fix it',
    pastedContents: {},
    timestamp: 1790000000000,
    project: '/p',
    sessionId: 's-1',
  }),
  'stats-cache.json': JSON.stringify({
    version: 1,
    lastComputedDate: '2026-10-04',
    dailyActivity: [{ date: '2026-10-04', messageCount: 3, sessionCount: 1, toolCallCount: 2 }],
    dailyModelTokens: [{ date: '2026-10-04', tokensByModel: { 'claude-sonnet-4-5-20250929': 1234 } }],
    modelUsage: { 'claude-sonnet-4-5-20250929': { inputTokens: 10, outputTokens: 20, costUSD: 0 } },
  }),
  'todos/s-1-agent-s-1.json': '[\n  {"content": "do it", "status": "pending", "id": "1"}\n]',
  'todos/empty.json': '[]',
  'shell-snapshots/snapshot-bash-1.sh': 'export PATH=/bin\n',
  'plugins/installed_plugins.json': '{\n  "version": 1,\n  "plugins": {}\n}\n',
  'plugins/repo/package.json': '{"name": "x", "version": "1.0.0", "tokens": {"spacing": 4}}',
  'statsig/statsig.last_modified_time.evaluations.json': '{"a":1790000000000}',
  'debug/s-1.txt':
    '2026-10-05T08:00:00.000Z [DEBUG] autocompact: tokens=123 threshold=456, effective=7\n2026-10-05T08:00:01.000Z [DEBUG] done\n',
  'projects/-p/sessions-index.json':
    '{"version":1,"entries":[{"sessionId":"s-1","fullPath":"/p/s-1.jsonl","messageCount":2}]}',
  'projects/-p/summary.jsonl': line({ type: 'summary', summary: 'a talk', leafUuid: 'u-1' }),
  'README.txt': 'These are logs.\nNothing else, really.\n',
}

const states = (summary: IngestSummary): Record<string, string> =>
  Object.fromEntries(summary.files.map(({ label, state }) => [label.split('/').at(-1)!, state]))

const counts = async (db: string): Promise<unknown> =>
  (await ask(db, 'SELECT count(*) AS n FROM calls'))[0]?.['n']

describe('a folder', () => {
  test("of Claude Code: its calls, and no word of what isn't one", async () => {
    const folder = workshop.room()
    for (const [name, text] of Object.entries(beside)) write(join(folder, name), text)
    write(join(folder, 'projects/-p/s-1.jsonl'), session)
    const db = workshop.store()
    const summary = await ingestInto(db, [folder])
    expect(await counts(db)).toBe(1)
    expect(refusedWords(summary)).toEqual([])
    expect(hasRefused(summary)).toBe(false)
    const { 's-1.jsonl': read, ...others } = states(summary)
    expect(read).toBe('read')
    expect(new Set(Object.values(others))).toEqual(new Set(['not-a-log']))
    const [section] = ingestReport(
      summary,
      { dbPath: db, typed: (command: string) => command, now: new Date(), verbose: false },
      [],
    ).sections
    expect(section!.notes).toContain('13 files are no call logs.')
    expect(section!.shownRows).toHaveLength(1)
    expect(section!.rows).toHaveLength(14)
  })

  test('names what may hold money, and is no failure', async () => {
    const folder = workshop.room()
    write(join(folder, 'calls.jsonl'), call)
    write(
      join(folder, 'runs.jsonl'),
      line({
        id: 'c',
        op_name: 'weave:///a/b/op/x:1',
        started_at: '2026-09-14T09:00:00Z',
        summary: { usage: {} },
      }),
    )
    write(
      join(folder, 'odd.jsonl'),
      line({ at: { time: '2026-10-05T08:00:00Z' }, deep: { prompt_tokens: 5, completion_tokens: 1 } }),
    )
    const db = workshop.store()
    const summary = await ingestInto(db, [folder])
    expect(states(summary)).toEqual({
      'calls.jsonl': 'read',
      'odd.jsonl': 'not-read',
      'runs.jsonl': 'not-read',
    })
    expect(hasRefused(summary)).toBe(false)
    expect(refusedWords(summary)).toEqual([
      expect.stringMatching(/odd\.jsonl was not read: no importer knows these fields/),
      expect.stringMatching(/runs\.jsonl was not read: this is an export of W&B Weave/),
    ])
  })

  test('with --strict leaves out nothing that may hold money', async () => {
    const folder = workshop.room()
    write(join(folder, 'calls.jsonl'), call)
    write(
      join(folder, 'runs.jsonl'),
      line({
        id: 'c',
        op_name: 'weave:///a/b/op/x:1',
        started_at: '2026-09-14T09:00:00Z',
        summary: { usage: {} },
      }),
    )
    write(join(folder, 'package.json'), '{"name":"x"}')
    const summary = await ingestInto(workshop.store(), [folder], { rejectLimit: { count: 0 } })
    expect(states(summary)).toEqual({
      'calls.jsonl': 'read',
      'package.json': 'not-a-log',
      'runs.jsonl': 'refused',
    })
    expect(hasRefused(summary)).toBe(true)
  })

  test('a file that is named is refused all the same, also beside its folder', async () => {
    const folder = workshop.room()
    write(join(folder, 'calls.jsonl'), call)
    const other = write(join(folder, 'package.json'), '{"name":"x"}')
    for (const sources of [[folder, other], [other]]) {
      const summary = await ingestInto(workshop.store(), sources)
      expect(states(summary)['package.json']).toBe('refused')
      expect(hasRefused(summary)).toBe(true)
    }
  })

  test('without a log is a failure', async () => {
    const folder = workshop.room()
    write(join(folder, 'package.json'), '{"name":"x"}')
    expect(hasRefused(await ingestInto(workshop.store(), [folder]))).toBe(true)
  })

  test('links that lead in a circle, or nowhere, are followed once', async () => {
    const folder = workshop.room()
    mkdirSync(join(folder, 'a'))
    write(join(folder, 'a/calls.jsonl'), call)
    symlinkSync('..', join(folder, 'a/up'))
    symlinkSync('gone.jsonl', join(folder, 'a/dangling.jsonl'))
    symlinkSync('self.jsonl', join(folder, 'a/self.jsonl'))
    symlinkSync('calls.jsonl', join(folder, 'a/again.jsonl'))
    const db = workshop.store()
    const summary = await ingestInto(db, [folder])
    expect(summary.files).toHaveLength(1)
    expect(await counts(db)).toBe(1)
  })

  test.skipIf(process.getuid?.() === 0)('what cannot be read is named', async () => {
    const folder = workshop.room()
    write(join(folder, 'calls.jsonl'), call)
    chmodSync(write(join(folder, 'locked.jsonl'), call), 0)
    write(join(folder, 'closed/calls.jsonl'), call)
    chmodSync(join(folder, 'closed'), 0)
    const summary = await ingestInto(workshop.store(), [folder])
    chmodSync(join(folder, 'closed'), 0o700)
    expect(refusedWords(summary)).toEqual([
      expect.stringMatching(/closed\/ was not read: the folder cannot be read/),
      expect.stringMatching(/locked\.jsonl was not read: the file cannot be read/),
    ])
  })
})
