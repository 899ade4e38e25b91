/**
 * What `llmcost metrics` exposes, worked out again in plain TypeScript over single calls: which values a
 * label names, and the sums of each series; and a reader of the text format.
 */
import fc from 'fast-check'

export interface ExposedCall {
  readonly call_id: string
  readonly provider: string | null
  readonly model: string | null
  readonly feature: string | null
  readonly input_tokens: number | null
  readonly output_tokens: number | null
  readonly cache_read_input_tokens: number | null
  /** USD × 10^12 */
  readonly cost: bigint | null
  readonly status: string | null
  readonly cache_hit: boolean | null
  readonly latency_ms: number | null
}

const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { freq: 5 })
const latencies = [0, 10, 10.5, 20, 1280, 1280.000001, 81_920, 1e6, 0.123456]

/** Names that collide with what the labels themselves say, or that a reader could stumble over. */
export const hostileNames = [
  'other',
  '',
  '(none)',
  'a"b',
  'back\\slash\\',
  'line\nfeed',
  'line\rfeed',
  'line\uFFFDfeed',
  'nul\u0000',
  '\u202Eevil',
  '{le="0.1"} 7',
  '# TYPE x counter',
  'é漢🙂',
]

const call = fc.record({
  provider: maybe(fc.constantFrom('openai', 'anthropic', 'aws')),
  model: maybe(fc.constantFrom('m1', 'm2', 'm3', 'm4', 'm5', ...hostileNames)),
  feature: maybe(fc.constantFrom('f1', 'f2', 'f3', 'f4', 'f5', 'f6', 'other')),
  input_tokens: maybe(fc.integer({ min: 0, max: 1e9 })),
  output_tokens: maybe(fc.integer({ min: 0, max: 100 })),
  cache_read_input_tokens: fc.option(fc.integer({ min: 0, max: 9 }), { freq: 1 }),
  cost: maybe(fc.bigInt(0n, 10n ** 13n)),
  status: maybe(fc.constantFrom('ok', 'error')),
  cache_hit: maybe(fc.boolean()),
  latency_ms: maybe(fc.constantFrom(...latencies)),
})

/** Logs that are read one after the other; some bring nothing. */
export const ingests: fc.Arbitrary<readonly (readonly ExposedCall[])[]> = fc
  .array(fc.array(call, { maxLength: 12 }), { minLength: 1, maxLength: 5 })
  .map((logs) => {
    let id = 0
    return logs.map((log) => log.map((one): ExposedCall => ({ ...one, call_id: `c${id++}` })))
  })

export const labelKeys = ['provider', 'model', 'feature'] as const
type LabelKey = (typeof labelKeys)[number]

/** A value as a label shows it. */
function labelText(value: string | null): string | null {
  const text = value === null ? '' : Array.from(value).slice(0, 200).join('')
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '\uFFFD') || null
}

/** What labels name, kept from one scrape to the next. */
export class Members {
  readonly #named = new Map<LabelKey, Set<string>>(labelKeys.map((key) => [key, new Set()]))
  readonly #closed = new Set<LabelKey>()

  /** Takes in what is new among these calls. */
  meet(calls: readonly ExposedCall[], top: number): void {
    for (const key of labelKeys) {
      const named = this.#named.get(key)!
      const costs = new Map<string, { cost: bigint | null; calls: number }>()
      for (const one of calls) {
        const value = labelText(one[key])
        if (value === null || value === 'other' || named.has(value)) continue
        const { cost, calls: count } = costs.get(value) ?? { cost: null, calls: 0 }
        costs.set(value, {
          cost: one.cost === null ? cost : (cost ?? 0n) + one.cost,
          calls: count + 1,
        })
      }
      if (costs.size === 0 || this.#closed.has(key)) continue
      const order = [...costs].sort(
        ([a, x], [b, y]) =>
          compare(y.cost ?? -1n, x.cost ?? -1n) ||
          y.calls - x.calls ||
          Buffer.compare(Buffer.from(a), Buffer.from(b)),
      )
      const room = Math.max(0, top - named.size)
      for (const [value] of order.slice(0, room)) named.add(value)
      if (order.length > room) this.#closed.add(key)
    }
  }

  /** The labels that a call is counted under. */
  labelsOf(one: ExposedCall): Record<LabelKey, string | null> {
    const shown = (key: LabelKey): string | null => {
      const value = labelText(one[key])
      return value === null || this.#named.get(key)!.has(value) ? value : 'other'
    }
    return { provider: shown('provider'), model: shown('model'), feature: shown('feature') }
  }
}

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)

/** Every sample that these calls must give, exact, by name and labels. */
export function expectedSamples(
  calls: readonly ExposedCall[],
  members: Members,
  bounds: readonly number[],
): Map<string, bigint> {
  const samples = new Map<string, bigint>()
  const add = (name: string, labels: Record<string, string | null>, amount: bigint): void => {
    const key = sampleKey(name, labels)
    samples.set(key, (samples.get(key) ?? 0n) + amount)
  }
  for (const one of calls) {
    const labels = members.labelsOf(one)
    add('llmcost_requests_total', labels, unit)
    for (const [type, tokens] of [
      ['input', one.input_tokens],
      ['output', one.output_tokens],
      ['cache_read', one.cache_read_input_tokens],
    ] as const) {
      if (tokens !== null) add('llmcost_tokens_total', { ...labels, type }, BigInt(tokens) * unit)
    }
    if (one.cost !== null) add('llmcost_cost_usd_total', labels, one.cost)
    add('llmcost_unpriced_requests', labels, one.cost === null ? unit : 0n)
    if (one.status !== null) {
      add('llmcost_errors_total', labels, one.status === 'error' ? unit : 0n)
      add('llmcost_outcomes_total', labels, unit)
    }
    if (one.cache_hit !== null) {
      add('llmcost_cache_hits_total', labels, one.cache_hit ? unit : 0n)
      add('llmcost_cache_lookups_total', labels, unit)
    }
    if (one.latency_ms === null || one.cache_hit === true || one.status === 'error') continue
    const { latency_ms: latency } = one
    for (const bound of bounds) {
      const le = String(bound / 1000)
      add('llmcost_request_duration_seconds_bucket', { ...labels, le }, latency <= bound ? unit : 0n)
    }
    add('llmcost_request_duration_seconds_bucket', { ...labels, le: '+Inf' }, unit)
    add('llmcost_request_duration_seconds_count', labels, unit)
    // Seconds × 10^12 of ms that have six decimals at most.
    add('llmcost_request_duration_seconds_sum', labels, BigInt(Math.round(latency * 1e6)) * 1000n)
  }
  return samples
}

/** 1 × 10^12: all figures are kept to twelve places. */
const unit = 10n ** 12n

function sampleKey(name: string, labels: Readonly<Record<string, string | null>>): string {
  const pairs = Object.entries(labels).filter(([, value]) => value !== null)
  return JSON.stringify([name, ...pairs.sort(([a], [b]) => (a < b ? -1 : 1))])
}

/** The samples of a text; fails on anything that the format does not allow, and on a series told twice. */
export function parseExposition(text: string): Map<string, bigint> {
  const samples = new Map<string, bigint>()
  if (!text.endsWith('\n') && text !== '') throw new Error('the last line has no end')
  for (const line of text.split('\n').slice(0, -1)) {
    if (/^# (HELP|TYPE) [a-z_]+ ./.test(line)) continue
    const [, name, set = '', value = ''] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/s.exec(line) ?? []
    if (name === undefined) throw new Error(`no sample: ${JSON.stringify(line)}`)
    const key = sampleKey(name, labelsOf(set))
    if (samples.has(key)) throw new Error(`told twice: ${line}`)
    samples.set(key, exact(value))
  }
  return samples
}

function labelsOf(set: string): Record<string, string> {
  const labels: Record<string, string> = {}
  let rest = set
  while (rest !== '') {
    const match = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,(?=.)|$)/s.exec(rest)
    if (match === null) throw new Error(`no labels: ${JSON.stringify(rest)}`)
    const [whole, name = '', escaped = ''] = match
    if (name in labels) throw new Error(`label twice: ${set}`)
    labels[name] = escaped.replaceAll(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter))
    rest = rest.slice(whole.length)
  }
  return labels
}

function exact(value: string): bigint {
  const [, whole = '', fraction = ''] = /^(\d+)(?:\.(\d{1,12}))?$/.exec(value) ?? []
  if (whole === '') throw new Error(`no exact figure: ${value}`)
  return BigInt(whole + fraction.padEnd(12, '0'))
}
