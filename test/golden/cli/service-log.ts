/**
 * A small log with what the demo log lacks: messages of errors with ids and numbers, retries that log no
 * attempt, exact and semantic hits with the age of what they served, and a prompt cache that does not pay.
 * Plain arithmetic on the number of the call: the same on every machine.
 */
interface Line {
  readonly [field: string]: string | number | boolean | undefined
}

const start = Date.UTC(2026, 9, 1, 8)
const minute = 60_000

const time = (ms: number): string => new Date(start + ms).toISOString()
/** Spread over 0 to 1, without a pattern that the eye would see. */
const spread = (n: number): number => (((n * 7_919 + 104_729) % 1_009) + 0.5) / 1_009

const common = (i: number, feature: string, model: string, ms: number): Line => ({
  id: `${feature}-${i}-${Math.floor(ms)}`,
  timestamp: time(ms),
  feature,
  model,
  user_id: `user-${i % 7}`,
  prompt_hash: `${feature}-${i % 11}`,
})

/** A third answered by the response cache, some of these by likeness. */
function search(i: number): Line[] {
  const line = common(i, 'search', 'gpt-4o-mini', i * 9 * minute)
  const tokens = { input_tokens: 900, output_tokens: 80 + (i % 40), status: 'ok' }
  if (i % 3 !== 0) {
    const latency = 900 + Math.floor(spread(i) * 1_200)
    return [{ ...line, ...tokens, latency_ms: latency, ttft_ms: i % 2 ? 300 : undefined, cache_hit: false }]
  }
  const semantic = i % 9 === 0
  return [
    {
      ...line,
      ...tokens,
      latency_ms: 10 + (i % 13),
      cache_hit: true,
      cache_type: semantic ? 'semantic' : 'exact',
      cache_age_s: i % 27 === 0 ? undefined : Math.floor(spread(i) * (semantic ? 200_000 : 7_200)),
    },
  ]
}

/** Every call writes its prompt for an hour, and hardly one finds it again. */
function support(i: number): Line[] {
  const found = i % 10 === 0
  return [
    {
      ...common(i, 'support', 'claude-sonnet-4-5', i * 19 * minute),
      input_tokens: 12_500,
      cache_read_input_tokens: found ? 12_000 : 0,
      cache_creation_input_tokens: found ? 0 : 12_000,
      cache_creation_1h_input_tokens: found ? 0 : 12_000,
      output_tokens: 220,
      latency_ms: 2_600 + Math.floor(spread(i) * 2_000),
      ttft_ms: 700,
      status: 'ok',
    },
  ]
}

/** Two models, one much slower; one call in nine fails, and most of these are made again. */
function reports(i: number): Line[] {
  const slow = i % 2 === 0
  const line = common(i, 'reports', slow ? 'gpt-5' : 'gpt-4o', i * 11 * minute)
  const base = slow ? 14_000 : 2_500
  const far = i % 40 === 1 ? 30_000 : 0
  const answer = {
    input_tokens: 2_000,
    output_tokens: 400 + (i % 50),
    latency_ms: base + far + Math.floor(spread(i) * 1_500),
    status: 'ok',
  }
  if (i % 9 !== 4) return [{ ...line, ...answer }]
  const message =
    i % 2 === 0
      ? `Error code: 429 - {'error': {'message': 'Limit 30000, used ${29_000 + i}'}}`
      : `upstream timed out after ${30_000 + i} ms (request req_${i}Ab${i * 31}C)`
  const failed = {
    ...line,
    latency_ms: 150 + i,
    status: 'error',
    error: message,
    input_tokens: 0,
    output_tokens: 0,
  }
  if (i % 4 === 3) return [failed]
  return [failed, { ...common(i, 'reports', String(line['model']), i * 11 * minute + 4_000), ...answer }]
}

/** Says of hits that they are, and nothing of other calls; logs no latency. */
const faq = (i: number): Line[] => [
  {
    ...common(i, 'faq', 'gpt-4o-mini', i * 41 * minute),
    input_tokens: 300,
    output_tokens: 60,
    ...(i % 4 === 0 ? { cached: true } : {}),
  },
]

const many = (count: number, make: (i: number) => Line[]): Line[] =>
  Array.from({ length: count }, (_, i) => make(i)).flat()

/** The log as JSONL, by file name. */
export const serviceLog: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ['search.jsonl', many(450, search)],
    ['support.jsonl', many(240, support)],
    ['reports.jsonl', many(400, reports)],
    ['faq.jsonl', many(60, faq)],
  ].map(([name, lines]) => [
    name as string,
    (lines as Line[]).map((line) => `${JSON.stringify(line)}\n`).join(''),
  ]),
)
