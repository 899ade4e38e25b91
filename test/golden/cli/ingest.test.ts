/** What `llmcost ingest` ends with: what came in, and how it was understood. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { sharedFolder } from '../../e2e/program.js'
import { runWarmWell } from '../../e2e/together.js'
import { expectRecorded } from './recorded.js'

const cwd = sharedFolder()
const fixture = (path: string): string => fileURLToPath(new URL(`../../../fixtures/${path}`, import.meta.url))
const call = (line: number, tokens: number | string = 100): string =>
  `${JSON.stringify({ id: `c-${line}`, time: '2026-10-05T08:00:00Z', model_name: 'gpt-4o', prompt_tokens: tokens, completion_tokens: 20, who: 'ada' })}\n`

beforeAll(() => {
  cpSync(fixture('claude-code/real-day'), join(cwd, 'sessions'), { recursive: true })
  cpSync(fixture('demo'), join(cwd, 'demo'), { recursive: true })
  mkdirSync(join(cwd, 'mixed'))
  const write = (name: string, text: string): void => writeFileSync(join(cwd, 'mixed', name), text)
  write('good.jsonl', call(1) + call(2))
  write('rejects.jsonl', call(3) + call(4) + call(5) + call(6) + call(7) + call(8, -1))
  write('empty.jsonl', '')
  write('package.json', '{"name": "x", "version": "1.0.0"}')
  const run = { id: 'c', op_name: 'weave:///a/b/op/x:1', started_at: '2026-09-14T09:00:00Z', summary: {} }
  write('runs.jsonl', `${JSON.stringify(run)}\n`)
})

describe('what came in', () => {
  test.each(['60', '80', '100', '200'])('of few files, at %s columns', (COLUMNS) =>
    expectRecorded(`ingest-few-${COLUMNS}`, ['ingest', 'sessions', '--db', `${COLUMNS}.duckdb`, '-q'], {
      cwd,
      env: { COLUMNS },
    }),
  )
  test.each<[string, string[]]>([
    ['ingest-many', ['ingest', 'demo']],
    ['ingest-many-again', ['ingest', 'demo']],
    ['ingest-many-verbose', ['ingest', 'demo', '--verbose']],
    ['ingest-mixed', ['ingest', 'mixed', '--db', 'mixed.duckdb']],
    ['ingest-mixed-named', ['ingest', 'mixed/runs.jsonl', '--db', 'none.duckdb']],
    ['ingest-mixed-dry', ['ingest', 'mixed', '--dry-run', '--db', 'none.duckdb']],
    [
      'ingest-mixed-markdown',
      ['ingest', 'mixed', '--dry-run', '--db', 'none.duckdb', '--format', 'markdown'],
    ],
    ['ingest-mixed-json', ['ingest', 'mixed', '--dry-run', '--db', 'none.duckdb', '--json']],
  ])('%s', (name, args) => expectRecorded(name, [...args, '-q'], { cwd, env: { LLMCOST_DB: 'demo.duckdb' } }))

  test.each([
    ['sessions', 152],
    ['demo', 25_424],
    ['mixed', 7],
  ])('of %s is what the questions say of it', async (folder, calls) => {
    const ingested = await runWarmWell(['ingest', folder, '--db', `law-${folder}.duckdb`, '--json', '-q'], {
      cwd,
    })
    const { brought, totals } = JSON.parse(ingested) as {
      brought: { rows: { calls: number; cost_usd: number }[] }
      totals: Record<string, number>
    }
    const query = 'SELECT count(*) AS calls, sum(cost_usd) AS cost_usd FROM calls'
    const asked = await runWarmWell(['sql', query, '--db', `law-${folder}.duckdb`, '--json'], { cwd })
    const { rows } = JSON.parse(asked) as { rows: unknown[] }
    const { calls: brief, cost_usd } = brought.rows[0]!
    expect([{ calls: brief, cost_usd }]).toEqual(rows)
    expect([brief, totals['imported']]).toEqual([calls, calls])
  })
})
