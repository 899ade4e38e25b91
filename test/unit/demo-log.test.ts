import { readdirSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { demoLog } from '../../scripts/demo-log.js'

const folder = new URL('../../fixtures/demo/', import.meta.url)

test('fixtures/demo is what its generator writes', () => {
  const made = demoLog()
  expect(readdirSync(folder).toSorted()).toEqual([...made.keys()].map((name) => `${name}.gz`).toSorted())
  // Compression may differ from one zlib to the next; what is inside may not.
  for (const [name, text] of made) {
    const kept = gunzipSync(readFileSync(new URL(`${name}.gz`, folder))).toString('utf8')
    expect(kept === text, `${name} differs: npm run demo:log`).toBe(true)
  }
})

test('the demo log shows a small product of eight weeks', () => {
  const lines = [...demoLog().values()].flatMap((text) => text.trimEnd().split('\n'))
  const calls = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  const distinct = (key: string): number => new Set(calls.map((call) => call[key])).size
  expect(calls.length).toBeGreaterThan(20_000)
  expect(distinct('request_id')).toBe(calls.length)
  expect([distinct('feature'), distinct('user_id'), distinct('model'), distinct('provider')]).toEqual([
    6, 40, 5, 2,
  ])
  expect(calls.every((call) => Number(call['cached_tokens']) <= Number(call['input_tokens']))).toBe(true)
})
