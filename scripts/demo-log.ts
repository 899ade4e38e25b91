/**
 * The demo log: eight weeks of a small product's calls, the same on every machine. Numbers come from a seeded
 * generator and plain arithmetic; no clock, no platform's random numbers, no transcendental functions.
 */
import { features, models, seats, type Feature, type Model, type Seat } from './demo-product.js'

/** One record of the log, in the names of our own format. */
export interface DemoCall {
  readonly timestamp: string
  readonly request_id: string
  readonly provider: string
  readonly model: string
  readonly feature: string
  readonly user_id: string
  readonly session_id: string
  readonly environment: string
  readonly prompt_hash: string
  readonly input_tokens: number
  readonly cached_tokens: number
  readonly output_tokens: number
  /** Input and output: it tells that input includes cached tokens. */
  readonly total_tokens: number
  readonly max_tokens: number
  readonly temperature: number
  readonly latency_ms: number
  readonly ttft_ms?: number
  readonly status: 'ok' | 'error'
  readonly error?: string
  readonly finish_reason?: string
  readonly attempt?: number
  readonly cache_hit: boolean
  readonly tags: { readonly tier: string }
}

type Outcome = Pick<
  DemoCall,
  | 'input_tokens'
  | 'cached_tokens'
  | 'output_tokens'
  | 'total_tokens'
  | 'latency_ms'
  | 'ttft_ms'
  | 'status'
  | 'error'
  | 'finish_reason'
  | 'attempt'
  | 'cache_hit'
>

const hour = 3_600_000
const day = 24 * hour
/** Monday of the first week. */
const start = Date.UTC(2026, 7, 3)
const weeks = 8
/** The log goes on into the Monday after, so that its newest week is whole. */
const end = start + weeks * 7 * day + 9 * hour
const callsInFirstWeek = 2_600
const growth = 1.05

/** Share of a day's calls, Monday to Sunday. */
const weekdays = [0.19, 0.2, 0.2, 0.19, 0.16, 0.035, 0.025]
/** Share of an hour's calls, by hour of day. */
const hours = [1, 1, 1, 1, 1, 2, 4, 9, 16, 22, 24, 22, 17, 20, 23, 22, 19, 14, 9, 7, 6, 5, 3, 2]

/** The user who, in the last week, sends one large document after another from a script. */
const runaway = { user: 'user-31', calls: 420, first: start + 50 * day + 9 * hour, tokens: 50_000 }

/** Numbers from 0 to 1 from a seed (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** The log as text, by file name: one file a week, lines in the order of time. */
export function demoLog(): ReadonlyMap<string, string> {
  const calls = allCalls().toSorted((a, b) => (a.timestamp < b.timestamp ? -1 : 1))
  const files = new Map<string, string[]>()
  for (const [i, call] of calls.entries()) {
    const week = Math.floor((Date.parse(call.timestamp) - start) / (7 * day))
    const name = `calls-${new Date(start + week * 7 * day).toISOString().slice(0, 10)}.jsonl`
    const lines = files.get(name) ?? []
    lines.push(`${JSON.stringify({ ...call, request_id: `req-${String(i + 1).padStart(6, '0')}` })}\n`)
    files.set(name, lines)
  }
  return new Map([...files].map(([name, lines]) => [name, lines.join('')]))
}

function allCalls(): DemoCall[] {
  const random = numbers(20_260_803)
  const calls: DemoCall[] = []
  let wanted = callsInFirstWeek
  for (let week = 0; week <= weeks; week++) {
    for (const [weekday, share] of weekdays.entries()) {
      const midnight = start + (week * 7 + weekday) * day
      const goal = calls.length + wanted * share
      while (calls.length < goal) calls.push(...visit(midnight + timeOfDay(random), random))
    }
    wanted *= growth
  }
  return [...calls, ...runawayWeek(random)].filter(({ timestamp }) => Date.parse(timestamp) < end)
}

/** One visit of one user to one feature: a single call, or a conversation. */
function visit(time: number, random: () => number): DemoCall[] {
  const feature = pick(features, random)
  const seat = pick(seats, random)
  const turns = 1 + Math.floor(random() * feature.turns)
  const session = `s-${Math.floor(random() * 1_679_616)
    .toString(36)
    .padStart(4, '0')}`
  const environment = random() < 0.04 ? 'staging' : 'production'
  const calls: DemoCall[] = []
  let context = 0
  for (let turn = 0, at = time; turn < turns; turn++) {
    const input = around(feature.input, random) + context
    const made = exchange({ at, feature, seat, session, environment, input, context }, random)
    calls.push(...made)
    const last = made.at(-1)!
    context = feature.remembers ? last.input_tokens + last.output_tokens : 0
    at = Date.parse(last.timestamp) + last.latency_ms + 8_000 + Math.floor(random() * 90_000)
  }
  return calls
}

interface Request {
  readonly at: number
  readonly feature: Feature
  readonly seat: Seat
  readonly session: string
  readonly environment: string
  readonly input: number
  /** Tokens sent in the turn before: what the provider may have cached. */
  readonly context: number
}

/** A call, and before it the try that failed. */
function exchange(request: Request, random: () => number): DemoCall[] {
  const { feature, seat, at } = request
  const model = feature.modelFor(seat, random())
  const common = {
    request_id: '', // numbered at the end, in the order of time
    provider: models[model].provider,
    model,
    feature: feature.name,
    user_id: seat.user,
    session_id: request.session,
    environment: request.environment,
    prompt_hash: promptHash(feature, random),
    max_tokens: feature.maxTokens,
    temperature: feature.temperature,
    tags: { tier: seat.tier },
  }
  const call = (time: number, outcome: Outcome): DemoCall => ({
    timestamp: new Date(time).toISOString(),
    ...common,
    ...outcome,
  })
  if (random() >= feature.failures) return [call(at, answer(request, model, random))]
  const failed = failure(random)
  if (random() < 0.2) return [call(at, failed)]
  const again = at + failed.latency_ms + 1_000 + Math.floor(random() * 3_000)
  return [call(at, failed), call(again, { ...answer(request, model, random), attempt: 2 })]
}

function failure(random: () => number): Outcome {
  const error = random() < 0.6 ? 'rate_limit_exceeded' : random() < 0.7 ? 'timeout' : 'server_error'
  const latency_ms = error === 'timeout' ? 30_000 : 120 + Math.floor(random() * 400)
  return { ...usage(0, 0, 0), latency_ms, status: 'error', error, attempt: 1, cache_hit: false }
}

function answer({ feature, input, context }: Request, model: Model, random: () => number): Outcome {
  const wanted = around(feature.output, random)
  const output = Math.min(wanted, feature.maxTokens)
  const stopped = { status: 'ok', finish_reason: wanted > feature.maxTokens ? 'length' : 'stop' } as const
  if (random() < feature.repeats) {
    const latency_ms = 12 + Math.floor(random() * 40)
    return { ...usage(input, 0, output), latency_ms, ...stopped, cache_hit: true }
  }
  // A prefix is cached in steps of 128 tokens, from 1,024 on, and not always found again.
  const prefix = Math.min(Math.max(context, feature.fixedPrefix), input)
  const cached = prefix >= 1_024 && random() < 0.8 ? prefix - (prefix % 128) : 0
  const { firstTokenMs, tokensPerSecond } = models[model]
  const ttft_ms = Math.round(firstTokenMs * (0.7 + random() * 0.8) + input / 100)
  const latency_ms = ttft_ms + Math.round((output / tokensPerSecond) * 1_000 * (0.85 + random() * 0.4))
  return { ...usage(input, cached, output), latency_ms, ttft_ms, ...stopped, cache_hit: false }
}

const usage = (input: number, cached: number, output: number) => ({
  input_tokens: input,
  cached_tokens: cached,
  output_tokens: output,
  total_tokens: input + output,
})

/** A script that sends whole documents, day and night, until someone looks at the bill. */
function runawayWeek(random: () => number): DemoCall[] {
  const feature = features.find(({ name }) => name === 'document-analysis')!
  const seat = seats.find(({ user }) => user === runaway.user)!
  const step = (end - 9 * hour - runaway.first) / runaway.calls
  return Array.from({ length: runaway.calls }).flatMap((_, i) => {
    const at = Math.floor(runaway.first + (i + random() * 0.9) * step)
    const input = Math.round(runaway.tokens * (0.85 + random() * 0.3))
    const where = { session: 's-batch', environment: 'production' }
    return exchange({ at, feature, seat, ...where, input, context: 0 }, random)
  })
}

/** Times of day as hours weigh. */
function timeOfDay(random: () => number): number {
  let left = random() * hours.reduce((sum, weight) => sum + weight, 0)
  const at = hours.findIndex((weight) => (left -= weight) < 0)
  return Math.floor((at + random()) * hour)
}

/** Near the mean mostly, now and then two to four times as much. */
function around(mean: number, random: () => number): number {
  const near = mean * (0.4 + 0.4 * (random() + random() + random()))
  return Math.max(1, Math.round(random() < 0.05 ? near * (2 + 2 * random()) : near))
}

/** Few prompts are asked over and over, most are new. */
function promptHash(feature: Feature, random: () => number): string {
  const known = Math.floor(random() * random() * 24)
  return Math.floor(numbers(feature.name.length * 1_000 + known)() * 4_294_967_295)
    .toString(16)
    .padStart(8, '0')
}

function pick<T extends { readonly weight: number }>(from: readonly T[], random: () => number): T {
  let left = random() * from.reduce((sum, { weight }) => sum + weight, 0)
  return from.find(({ weight }) => (left -= weight) < 0) ?? from.at(-1)!
}
