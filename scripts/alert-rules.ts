/**
 * grafana/llmcost-alerts.yml: the rules of `llmcost check` that can be asked of Prometheus, from the one
 * registry of kinds. Words, windows, bounds and minimum volumes are the registry's.
 */
import { stringify } from 'yaml'
import { ruleKindNames, ruleKinds, type RuleKindName } from '../src/domain/rules/rule-kinds.js'

interface Query {
  readonly alert: string
  /** Where the registry leaves the bound to its user. */
  readonly bound?: string
  readonly for: string
  /** Counters that the figure is made of: a correction of them tells nothing of the present. */
  readonly counters: readonly string[]
  /** How far back they are looked at, where that is not the window. */
  readonly reach?: string
  /** The figure, and what must hold beside it. */
  readonly figure: string
  readonly enough?: string
  /** What the value is: the words of Prometheus' templates. */
  readonly value: string
}

const hours = (kind: RuleKindName): number => ruleKinds[kind].window ?? 1
const increase = (name: string, of: number, offset = ''): string => `sum(increase(${name}[${of}h]${offset}))`
const share = (part: string, whole: string, of: number): string =>
  `${increase(part, of)} / ${increase(whole, of)}`
const atLeast = (name: string, kind: RuleKindName): string =>
  `${increase(name, hours(kind))} >= ${ruleKinds[kind].minCalls ?? 1}`

const cost = 'llmcost_cost_usd_total'
const duration = 'llmcost_request_duration_seconds'
const usd = '${{ printf "%.2f" $value }}'
const percent = '{{ $value | humanizePercentage }}'

const quantile = (at: number, kind: RuleKindName): string =>
  `histogram_quantile(${at}, sum by (le) (rate(${duration}_bucket[${hours(kind)}h])))`

const queries: Readonly<Partial<Record<RuleKindName, Query>>> = {
  cost: {
    alert: 'LlmHourlyCostHigh',
    bound: '10',
    for: '5m',
    counters: [cost],
    figure: increase(cost, hours('cost')),
    value: `${usd} in the last hour`,
  },
  cost_spike: {
    alert: 'LlmCostSpike',
    for: '5m',
    reach: '25h',
    counters: [cost],
    figure: `${increase(cost, hours('cost_spike'))} / (${increase(cost, hours('cost_spike'), ' offset 1d')} > 0)`,
    enough: `${increase(cost, hours('cost_spike'))} >= ${ruleKinds.cost_spike.minUsd}`,
    value: '{{ printf "%.1f" $value }} times the same hour of the day before',
  },
  p95_latency: {
    alert: 'LlmLatencyP95High',
    bound: '20000',
    for: '10m',
    counters: [`${duration}_count`],
    figure: quantile(0.95, 'p95_latency'),
    enough: atLeast(`${duration}_count`, 'p95_latency'),
    value: '{{ $value | humanizeDuration }}',
  },
  p99_latency: {
    alert: 'LlmLatencyP99High',
    bound: '60000',
    for: '10m',
    counters: [`${duration}_count`],
    figure: quantile(0.99, 'p99_latency'),
    enough: atLeast(`${duration}_count`, 'p99_latency'),
    value: '{{ $value | humanizeDuration }}',
  },
  cache_hit_rate: {
    alert: 'LlmCacheHitRateLow',
    for: '30m',
    counters: ['llmcost_cache_hits_total', 'llmcost_cache_lookups_total'],
    figure: share('llmcost_cache_hits_total', 'llmcost_cache_lookups_total', hours('cache_hit_rate')),
    enough: atLeast('llmcost_cache_lookups_total', 'cache_hit_rate'),
    value: `${percent} of calls`,
  },
  error_rate: {
    alert: 'LlmErrorRateHigh',
    for: '5m',
    counters: ['llmcost_errors_total', 'llmcost_outcomes_total'],
    figure: share('llmcost_errors_total', 'llmcost_outcomes_total', hours('error_rate')),
    enough: atLeast('llmcost_outcomes_total', 'error_rate'),
    value: `${percent} of calls`,
  },
  budget_used: {
    alert: 'LlmBudgetUsed',
    for: '0m',
    counters: [],
    figure: 'max by (budget, period) (llmcost_budget_spent_ratio)',
    value: `budget {{ $labels.budget }}: ${percent} is spent`,
  },
  budget_forecast: {
    alert: 'LlmBudgetForecast',
    for: '6h',
    counters: [],
    figure: 'max by (budget, period) (llmcost_budget_forecast_usd / llmcost_budget_limit_usd)',
    value: `budget {{ $labels.budget }}: forecast to end at ${percent}`,
  },
  unusual_cost: {
    alert: 'LlmCostUnusual',
    bound: '1',
    for: '0m',
    counters: [],
    figure: 'max by (series) (llmcost_anomaly_excess_usd)',
    value: `${usd} above what is usual, seen by {{ $labels.series }}`,
  },
  no_data: {
    alert: 'LlmNoData',
    for: '0m',
    counters: [],
    figure: '(time() - max(llmcost_newest_call_timestamp_seconds)) / 3600',
    value: '{{ printf "%.0f" $value }} hours since the newest call',
  },
}

/** Not of the calls but of the figures themselves: whether they still come. */
const stale = {
  alert: 'LlmMetricsStale',
  expr: 'time() - max(llmcost_read_timestamp_seconds) > 3600',
  for: '5m',
  labels: { severity: 'warning' },
  annotations: {
    summary: 'The figures of llmcost are no longer read anew.',
    description:
      '{{ $value | humanizeDuration }} since the database was read: look at the cron job, or at what holds the database.',
  },
}

const comparisons = { over: '>', under: '<', at_least: '>=' } as const

/** Prometheus counts in seconds; bounds of latency are ms. */
function condition(kind: RuleKindName, { figure, bound }: Query): string {
  const { bound: usual, unit, minUsd } = ruleKinds[kind]
  const value = bound ?? usual?.value ?? minUsd
  if (value === null) throw new Error(`${kind} needs a bound`)
  const shown = unit === 'ms' ? String(Number(value) / 1000) : value
  return `${figure} ${comparisons[usual?.when ?? 'over']} ${shown}`
}

function alertOf(kind: RuleKindName, query: Query): object {
  const parts = [condition(kind, query), ...(query.enough === undefined ? [] : [`and ${query.enough}`])]
  const corrected = query.counters.map(
    (name) => `unless on () (sum(resets(${name}[${query.reach ?? `${hours(kind)}h`}])) > 0)`,
  )
  return {
    alert: query.alert,
    expr: [...parts, ...corrected].join('\n'),
    ...(query.for === '0m' ? {} : { for: query.for }),
    labels: { severity: ruleKinds[kind].severity, rule: kind },
    annotations: { summary: ruleKinds[kind].about, description: query.value },
  }
}

const header = (left: readonly string[]): string =>
  [
    'Alert rules for the figures of `llmcost metrics`, made by `npm run docs` from the kinds of rules that',
    '`llmcost check` has. Load it as a file under rule_files, and set the bounds to what is right for you.',
    'While counters were corrected (calls priced anew, forgotten or replaced) within the window of a rule, it is silent.',
    `llmcost check alone can judge: ${left.join(', ')}.`,
  ]
    .map((line) => `# ${line}\n`)
    .join('')

/** grafana/llmcost-alerts.yml. */
export function alertRules(): string {
  const known = ruleKindNames.flatMap((kind) => {
    const query = queries[kind]
    return query === undefined ? [] : [alertOf(kind, query)]
  })
  const left = ruleKindNames.filter((kind) => queries[kind] === undefined)
  const groups = [{ name: 'llmcost', rules: [...known, stale] }]
  return header(left) + stringify({ groups }, { lineWidth: 0 })
}
