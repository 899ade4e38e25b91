/**
 * When rules hold, worked out in plain TypeScript over single calls, from the definitions of their kinds and
 * not from the SQL.
 */
import { dimensionOf } from '../../src/domain/dimensions.js'
import type { Filter } from '../../src/domain/scope.js'
import type { Rule } from '../../src/domain/rules/rule.js'
import { ruleKinds, type RuleKindName } from '../../src/domain/rules/rule-kinds.js'
import { bucketOf, present, quantile, sum, type RawCall } from './metrics-model.js'

export const hour = 3_600_000

/** A rule with the defaults of its kind. */
export function ruleLike(kind: RuleKindName, more: Partial<Rule> = {}): Rule {
  const about = ruleKinds[kind]
  const has = (name: string): boolean => (about.parameters as readonly string[]).includes(name)
  return {
    name: kind,
    kind,
    severity: about.severity,
    filters: [],
    by: about.scope === 'user' ? 'user_id' : null,
    bound: about.bound?.value ?? null,
    windowHours: about.window,
    forHours: 0,
    minCalls: about.minCalls,
    minUsd: about.minUsd,
    message: about.message,
    enabled: true,
    againstHours: has('against') ? 24 : null,
    weeks: has('weeks') ? 3 : null,
    budget: null,
    dailyUsd: null,
    tests: has('tests') ? ['spike', 'sustained'] : null,
    minShare: null,
    sensitivity: null,
    sql: null,
    ...more,
  }
}

const valueOf = (call: RawCall, by: string | null): string | null => {
  if (by === null) return null
  const key = dimensionOf(by).key
  if (key === 'user_id') return call.user_id
  if (key === 'feature') return call.feature
  if (key === 'tag.region') return call.region
  throw new Error(`the model has no ${key}`)
}

const passes = (call: RawCall, { dimension, operator, value }: Filter): boolean => {
  const own = valueOf(call, dimension)
  return operator === '=' ? own === value : own !== value
}

/** Calls by value; all together under null where nothing groups them. */
function grouped(calls: readonly RawCall[], by: string | null): Map<string | null, RawCall[]> {
  const groups = new Map<string | null, RawCall[]>()
  for (const call of calls) {
    const value = valueOf(call, by)
    groups.set(value, [...(groups.get(value) ?? []), call])
  }
  return groups
}

/** USD × 10^12 of a short decimal. */
const picosOf = (usd: string): bigint => {
  const [whole = '0', fraction = ''] = usd.split('.')
  return BigInt(whole + fraction.padEnd(12, '0'))
}

/** A decimal as a fraction, for exact comparisons. */
const fraction = (text: string): readonly [bigint, bigint] => {
  const [whole = '0', digits = ''] = text.split('.')
  return [BigInt(whole + digits), 10n ** BigInt(digits.length)]
}

/** a / b compared with a decimal: below 0, 0 or above. */
function against(a: bigint, b: bigint, bound: string): number {
  const [n, d] = fraction(bound)
  const difference = a * d - n * b
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

interface Figure {
  readonly counted: number
  /** Below 0, 0 or above, as the figure is to the bound; null without a figure. */
  readonly side: number | null
  readonly measured: number
}

const none = (counted = 0): Figure => ({ counted, side: null, measured: 0 })

function share(part: number, whole: number, bound: string): Figure {
  return whole === 0
    ? none()
    : { counted: whole, side: against(BigInt(part), BigInt(whole), bound), measured: part / whole }
}

function near(measured: number | null, counted: number, bound: string): Figure {
  if (measured === null) return none(counted)
  return { counted, side: Math.sign(measured - Number(bound)), measured }
}

function figureOf(rule: Rule, now: readonly RawCall[], before: readonly RawCall[]): Figure {
  const bound = rule.bound ?? '0'
  const cost = sum(now.map((call) => call.cost))
  const count = (test: (call: RawCall) => boolean): number => now.filter(test).length
  const money = (usd: bigint | null, bar = bound): Figure =>
    usd === null
      ? none(now.length)
      : { counted: now.length, side: against(usd, 10n ** 12n, bar), measured: Number(usd) / 1e12 }
  switch (rule.kind) {
    case 'cost':
      return money(cost)
    case 'user_share': {
      const daily = picosOf(rule.dailyUsd ?? '1')
      return cost === null
        ? none(now.length)
        : { counted: now.length, side: against(cost, daily, bound), measured: Number(cost) / Number(daily) }
    }
    case 'call_cost': {
      const costs = present(now.map((call) => call.cost))
      return money(costs.length === 0 ? null : costs.reduce((a, b) => (a > b ? a : b)))
    }
    case 'cost_spike': {
      const then = sum(before.map((call) => call.cost))
      if (cost === null || then === null || then === 0n) return none(now.length)
      return { counted: now.length, side: against(cost, then, bound), measured: Number(cost) / Number(then) }
    }
    case 'error_rate':
      return share(
        count((one) => one.status === 'error'),
        count((one) => one.status !== null),
        bound,
      )
    case 'truncation_rate':
      return share(
        count((one) => one.finish === 'length'),
        count((one) => one.finish !== null),
        bound,
      )
    case 'cache_hit_rate':
      return share(
        count((one) => one.hit === true),
        count((one) => one.hit !== null),
        bound,
      )
    case 'unpriced_share':
      return share(
        count((one) => one.cost === null),
        now.length,
        bound,
      )
    case 'p95_latency':
    case 'p99_latency': {
      const timed = now.filter((one) => one.hit !== true && one.status !== 'error').map((one) => one.latency)
      return near(quantile(timed, rule.kind === 'p95_latency' ? 0.95 : 0.99), present(timed).length, bound)
    }
    case 'p95_input_over_mean': {
      const inputs = present(now.map((one) => one.input))
      const total = inputs.reduce((a, b) => a + b, 0)
      const p95 = quantile(inputs, 0.95)
      return near(p95 === null || total === 0 ? null : (p95 * inputs.length) / total, inputs.length, bound)
    }
    case 'budget_used':
    case 'budget_forecast':
    case 'unusual_cost':
    case 'unusual_user':
    case 'user_caps':
    case 'growth':
    case 'price_age':
    case 'no_data':
    case 'sql':
      throw new Error(`${rule.kind} is no window's figure`)
  }
}

/** For which values a rule about a window holds at a moment, with what was measured. */
export function windowHolds(
  rule: Rule,
  calls: readonly RawCall[],
  moment: number,
): Map<string | null, number> {
  const own = calls.filter((call) => rule.filters.every((filter) => passes(call, filter)))
  const span = (rule.windowHours ?? 0) * hour
  const within = (end: number): RawCall[] => own.filter(({ ts }) => ts >= end - span && ts < end)
  const before = grouped(within(moment - (rule.againstHours ?? 0) * hour), rule.by)
  const held = new Map<string | null, number>()
  for (const [value, now] of grouped(within(moment), rule.by)) {
    if (rule.kind === 'user_share' && value === null) continue
    const { counted, side, measured } = figureOf(rule, now, before.get(value) ?? [])
    const usd = sum(now.map(({ cost }) => cost)) ?? 0n
    const when = ruleKinds[rule.kind].bound?.when
    const beyond = side !== null && (when === 'over' ? side > 0 : when === 'under' ? side < 0 : side >= 0)
    if (beyond && counted >= (rule.minCalls ?? 0) && usd >= picosOf(rule.minUsd ?? '0'))
      held.set(value, measured)
  }
  // A window without any call has figures of nothing, which are beyond no bound.
  return held
}

/** Hours since the last call, for values that are silent. */
export function silenceHolds(
  rule: Rule,
  calls: readonly RawCall[],
  moment: number,
): Map<string | null, number> {
  const own = calls.filter(({ ts }) => ts < moment)
  const held = new Map<string | null, number>()
  for (const [value, some] of grouped(own, rule.by)) {
    const last = Math.max(...some.map(({ ts }) => ts))
    const recent = some.filter(({ ts }) => ts >= moment - (rule.windowHours ?? 0) * hour)
    const expected = rule.by === null || (value !== null && recent.length >= Math.max(1, rule.minCalls ?? 1))
    if (expected && moment - last >= Number(rule.bound) * hour) held.set(value, (moment - last) / hour)
  }
  return held
}

/** Days from the price data to the newest call, for values with calls that are later by more than the bound. */
export function priceAgeHolds(
  rule: Rule,
  calls: readonly RawCall[],
  moment: number,
  date: string,
): Map<string | null, number> {
  const late = (ts: number): number => Math.floor(ts / (24 * hour)) - Date.parse(date) / (24 * hour)
  const own = calls.filter(({ ts }) => ts < moment && late(ts) > Number(rule.bound))
  const held = new Map<string | null, number>()
  for (const [value, some] of grouped(own, rule.by))
    if (some.length >= (rule.minCalls ?? 1)) held.set(value, Math.max(...some.map(({ ts }) => late(ts))))
  return held
}

/** `user cap` with what was used, USD or tokens. */
export function capsHold(
  rule: Rule,
  capsOf: (user: string | null) => Readonly<Record<string, string | number>>,
  calls: readonly RawCall[],
  moment: number,
  tz: string,
): Map<string, number> {
  const held = new Map<string, number>()
  const past = calls.filter(({ ts, user_id }) => ts < moment && user_id !== null)
  const recent = past.filter(({ ts }) => ts >= moment - (rule.windowHours ?? 0) * hour)
  const buckets = { hourly_usd: 'hour', daily_usd: 'day', monthly_usd: 'month' } as const
  const note = (user: string | null, cap: string, used: number): void => {
    const key = `${user} ${cap}`
    held.set(key, Math.max(used, held.get(key) ?? 0))
  }
  for (const call of recent) {
    for (const [cap, limit] of Object.entries(capsOf(call.user_id))) {
      if (cap === 'request_tokens') {
        const tokens = (call.input ?? 0) + (call.output ?? 0)
        if (tokens > Number(limit)) note(call.user_id, cap, tokens)
      } else if (cap === 'request_input_tokens') {
        if ((call.input ?? 0) > Number(limit)) note(call.user_id, cap, call.input ?? 0)
      } else if (cap === 'request_usd') {
        if (call.cost !== null && call.cost > picosOf(String(limit)))
          note(call.user_id, cap, Number(call.cost) / 1e12)
      } else {
        const bucket = buckets[cap as keyof typeof buckets]
        const label = bucketOf(bucket, call.ts, tz)
        const same = past.filter(
          (one) => one.user_id === call.user_id && bucketOf(bucket, one.ts, tz) === label,
        )
        const used = sum(same.map(({ cost }) => cost))
        if (used !== null && used > picosOf(String(limit))) note(call.user_id, cap, Number(used) / 1e12)
      }
    }
  }
  return held
}
