/**
 * A month of June 2024 as a tutorial's tracker logged it, with the prices of then: gpt-4o at $5/$15 a million,
 * gpt-3.5-turbo-0125 at $0.50/$1.50, Claude 3.5 Sonnet at $3/$15. List prices give the same to the last digit.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { answerOf, units } from '../property/exact-json.js'
import { emptyFolder } from './program.js'
import { runWarmWell } from './together.js'

const log = fileURLToPath(new URL('../../fixtures/llmcost/june-2024/usage.jsonl', import.meta.url))
/** USD a million tokens, in and out, times ten. */
const then: Readonly<Record<string, readonly [bigint, bigint]>> = {
  'gpt-4o': [50n, 150n],
  'gpt-3.5-turbo-0125': [5n, 15n],
  'claude-3-5-sonnet-20240620': [30n, 150n],
}

interface Line {
  readonly model: string
  readonly prompt_tokens: number
  readonly completion_tokens: number
}

test('a month of 2024 costs by list what it cost then, to the cent and beyond', async () => {
  const expected = new Map<string, bigint>()
  for (const text of readFileSync(log, 'utf8').trim().split('\n')) {
    const { model, prompt_tokens: input, completion_tokens: output } = JSON.parse(text) as Line
    const [inPrice, outPrice] = then[model] ?? [0n, 0n]
    // A tenth of a millionth of a dollar is 1e5 units of 1e-12.
    const cost = (BigInt(input) * inPrice + BigInt(output) * outPrice) * 100_000n
    expected.set(model, (expected.get(model) ?? 0n) + cost)
  }
  const cwd = emptyFolder()
  const ask = ['breakdown', '--by', 'model', '--json', '--input', log]
  const answer = answerOf(await runWarmWell(ask, { cwd }))
  expect(new Map(answer.rows.map((row) => [String(row['model']), units(row['cost_usd'])]))).toEqual(expected)
  // What the tracker reckoned is the same: nothing to warn of, and no price is doubtful.
  expect(answer.warnings).toEqual([])
})
