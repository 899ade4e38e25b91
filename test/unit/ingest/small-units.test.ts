import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { smallUnit } from '../../../src/ingest/stage.js'
import { contentsOf, ingestInto, Workshop, write } from '../../property/ingesting.js'

const fixtures = fileURLToPath(new URL('../../../fixtures', import.meta.url))
const workshop = new Workshop()
afterAll(() => workshop.close())

test.each([
  'anthropic/messages/wrapped.jsonl',
  'bedrock/shapes/log.jsonl',
  'claude-code/current/s-2.jsonl',
  'codex/settings/rollout-a.jsonl',
  'litellm/spend-logs/rows.jsonl',
  'openai/wrapped/wrapped.jsonl',
  'sameness/attempts/retries.jsonl',
])('the plan for small files reads what the plan for others does: %s', async (name) => {
  const log = readFileSync(join(fixtures, name), 'utf8')
  const blank = `${' '.repeat(smallUnit)}\n`
  const [small, large] = await Promise.all(
    [log, `${log.trimEnd()}\n${blank}`].map(async (text) => {
      const store = workshop.store()
      await ingestInto(store, [write(join(workshop.room(), basename(name)), text)])
      return contentsOf(store)
    }),
  )
  expect(small!.calls.length).toBeGreaterThan(0)
  expect(large).toEqual(small)
})
