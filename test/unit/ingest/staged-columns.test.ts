/** What all records of a run have in common is not staged for each of them: it must hold for none of another file. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { contentsOf, ingestInto, Workshop, write } from '../../property/ingesting.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

const fixture = (name: string): string =>
  readFileSync(join(fileURLToPath(new URL('../../../fixtures', import.meta.url)), name), 'utf8')

/** A record that names its request alone, one that names the answer too, and one that names its source. */
const logs: Readonly<Record<string, string>> = {
  'asked.jsonl': `{"ts":"2026-03-01T00:00:00Z","id":"a-1","model":"gpt-4o","input_tokens":10,"output_tokens":2,"status":"ok","finish_reason":"stop"}
{"ts":"2026-03-01T00:01:00Z","id":"a-2","model":"gpt-4o","input_tokens":7,"output_tokens":0,"status":"failed","finish_reason":"tool_use"}
{"ts":"soon","id":"a-3","model":"gpt-4o","input_tokens":7,"output_tokens":0}
`,
  'answered.csv': `ts,id,request_model,response_model,input_tokens,output_tokens,finish_reason
2026-03-01T00:02:00Z,b-1,gpt-4o,gpt-4o-2024-11-20,5,5,content_filter
2026-03-01T00:03:00Z,b-2,gpt-4o-mini,,5,5,weird
`,
  'spend.jsonl': fixture('litellm/spend-logs/rows.jsonl'),
  'session.jsonl': fixture('claude-code/current/s-2.jsonl'),
}

const read = async (names: readonly string[]): Promise<Awaited<ReturnType<typeof contentsOf>>> => {
  const store = workshop.store()
  const room = workshop.room()
  await ingestInto(
    store,
    names.map((name) => write(join(room, name), logs[name]!)),
  )
  return contentsOf(store)
}

test.each([Object.keys(logs), Object.keys(logs).toReversed()].map((names) => [names]))(
  'logs that are read together are what each is alone: %s',
  async (names) => {
    const alone = []
    for (const name of names) alone.push(await read([name]))
    const together = await read(names)
    expect(together.calls).toEqual(alone.flatMap(({ calls }) => calls).toSorted())
    expect(together.rejects).toEqual(alone.flatMap(({ rejects }) => rejects).toSorted())
    expect(new Set(together.calls.map((call) => (JSON.parse(call) as { source: string }).source))).toEqual(
      new Set(['llmcost', 'litellm', 'claude-code']),
    )
  },
)

test('a call is priced as the model that answered, else as the one that was asked for', async () => {
  const { calls } = await read(['asked.jsonl', 'answered.csv'])
  const said = calls.map((call) => JSON.parse(call) as Record<string, string>)
  expect(
    Object.fromEntries(said.map((c) => [c['call_id'], [c['model'], c['status'], c['finish_reason']]])),
  ).toEqual({
    'a-1': ['gpt-4o', 'ok', 'stop'],
    'a-2': ['gpt-4o', 'error', 'tool_calls'],
    'b-1': ['gpt-4o-2024-11-20', undefined, 'content_filter'],
    'b-2': ['gpt-4o-mini', undefined, 'other'],
  })
})
