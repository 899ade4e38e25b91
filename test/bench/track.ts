/**
 * What the tracker adds to a call: `node track.js` sends calls through a `fetch` that answers at once, with and
 * without it, in turns, and prints the medians as JSON, microseconds a call. What is written down later counts in.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTracker, withCost, type Fetch } from '../../src/track/index.js'

const calls = 4000
const turns = 9

/** Some 3 kB, as of a short chat. */
const request = JSON.stringify({
  model: 'gpt-4o',
  temperature: 0.2,
  max_tokens: 400,
  messages: [
    { role: 'system', content: 'You answer briefly. '.repeat(60) },
    { role: 'user', content: 'What does this cost? '.repeat(80) },
  ],
})
const usage = {
  prompt_tokens: 700,
  completion_tokens: 300,
  total_tokens: 1000,
  prompt_tokens_details: { cached_tokens: 512 },
}
const answer = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  model: 'gpt-4o-2024-08-06',
  choices: [
    { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'It costs. '.repeat(120) } },
  ],
  usage,
})
const chunk = (content: string): string =>
  `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', model: 'gpt-4o-2024-08-06', choices: [{ index: 0, delta: { content }, finish_reason: null }], usage: null })}\n\n`
const encoder = new TextEncoder()
const events = [
  ...Array.from({ length: 300 }, () => chunk(' word')),
  `data: ${JSON.stringify({ id: 'chatcmpl-1', choices: [], usage })}\n\n`,
  'data: [DONE]\n\n',
].map((event) => encoder.encode(event))

const whole: Fetch = () =>
  Promise.resolve(new Response(answer, { headers: { 'content-type': 'application/json' } }))
const streamed: Fetch = () => {
  let i = 0
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (i < events.length) controller.enqueue(events[i++]!)
      else controller.close()
    },
  })
  return Promise.resolve(new Response(body, { headers: { 'content-type': 'text/event-stream' } }))
}

const headers = new Headers({ 'x-stainless-retry-count': '0' })
const url = 'https://api.openai.com/v1/chat/completions'

async function one(fetch: Fetch): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    body: request,
    headers,
  })
  if (response.headers.get('content-type') === 'application/json') await response.json()
  else {
    const reader = response.body!.getReader()
    while (!(await reader.read()).done);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'llmcost-bench-track-'))
const tracker = createTracker({ folder })

/** Microseconds of CPU a call, all that follows from it included. */
async function measured(fetch: Fetch, n: number): Promise<number> {
  const before = process.cpuUsage()
  for (let i = 0; i < n; i++) await withCost({ feature: 'chat', user: `u${i % 100}` }, () => one(fetch))
  await tracker.flush()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / n
}

async function added(fetch: Fetch, n: number): Promise<{ bare: number; tracked: number; added: number }> {
  const tracked = tracker.fetch(fetch)
  await measured(fetch, n)
  await measured(tracked, n)
  const runs: { bare: number; tracked: number }[] = []
  for (let i = 0; i < turns; i++)
    runs.push({ bare: await measured(fetch, n), tracked: await measured(tracked, n) })
  const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[(turns - 1) / 2]!
  return {
    bare: median(runs.map(({ bare }) => bare)),
    tracked: median(runs.map(({ tracked: t }) => t)),
    added: median(runs.map(({ bare, tracked: t }) => t - bare)),
  }
}

const told = { whole: await added(whole, calls), streamed: await added(streamed, calls / 20) }
await tracker.close()
rmSync(folder, { recursive: true })
process.stdout.write(`${JSON.stringify(told)}\n`)
