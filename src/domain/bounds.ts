/**
 * Bounds beyond which a figure is worth a sentence; `bounds` in the config file moves them. Keys are those
 * of the config file, whose check, JSON Schema and comments derive from this table.
 */

/** share: 0–1; ratio and usd: above 0; least_usd: from 0 on; sensitivity: 0.01–100; count: a whole number from 1 on. */
export type BoundKind = 'share' | 'ratio' | 'usd' | 'least_usd' | 'sensitivity' | 'count'

export interface Bound {
  readonly value: number
  readonly kind: BoundKind
  /** What is measured, and with what unit. */
  readonly about: string
}

const bound = (kind: BoundKind, value: number, about: string): Bound => ({ value, kind, about })

const table = {
  truncation_rate: bound('share', 0.05, 'Share of calls cut off at their output limit'),
  p95_input_over_mean: bound(
    'ratio',
    10,
    'p95 of input tokens over their mean: a few calls far beyond the others',
  ),
  mean_output_input_ratio: bound('ratio', 1, "Mean of each call's output tokens over its input tokens"),
  p95_output_of_max_tokens: bound(
    'share',
    0.2,
    'p95 of output tokens over max_tokens: a limit far above what is used',
  ),
  dear_model_call_share: bound('share', 0.5, 'Share of all calls that go to a dear model'),
  dear_model_cost_ratio: bound(
    'ratio',
    3,
    "A model is dear when its tokens cost more than so many times the cheapest other model's",
  ),
  dear_model_cost_per_1k_usd: bound('usd', 0.01, 'A model is dear, too, when 1,000 tokens cost more, USD'),
  mean_cost_usd: bound('usd', 0.1, "Mean cost of a feature's calls, USD"),
  user_input_over_mean: bound('ratio', 10, "A user's mean input tokens over those of all other users"),
  repeated_input_share: bound('share', 0.5, 'Share of input tokens that every call of a feature repeats'),
  retry_cost_share: bound('share', 0.05, 'Cost of retries over all cost'),
  efficiency_calls: bound('count', 20, 'Calls that a group needs before its efficiency is judged'),
  user_day_over_mean: bound('ratio', 10, "A user's day over the mean of his days, to be beyond his usual"),
  user_day_usd: bound('least_usd', 5, "Cost of a user's day, USD, below which it is not beyond his usual"),
  user_day_share: bound('share', 0.01, "A user's day as a share of the account's usual day, to be told"),
  user_day_spreads: bound(
    'ratio',
    3.1,
    "Spreads (of the logarithms of the days above their median) that a user's day must be above the median of his own",
  ),
  good_quality_score: bound(
    'ratio',
    0.8,
    'Quality score of a good answer: up to 1 a share of the scale, above 1 the score itself',
  ),
  error_rate: bound('share', 0.05, 'Share of calls that failed'),
  growth_weeks: bound('count', 3, 'Weeks in a row that a feature must have grown to be named'),
  growth_rate: bound('share', 0.1, 'Mean growth a week over those weeks, to be named'),
  growth_usd: bound('usd', 1, 'Cost of the last week, USD, below which growth is not named'),
  minimum_calls: bound(
    'count',
    100,
    'Calls that a group needs before its error rate or its latency is judged',
  ),
  p99_over_p50_latency: bound('ratio', 10, 'p99 of the latency of provider calls over their p50'),
  model_latency_ratio: bound(
    'ratio',
    3,
    'p50 latency of a model over that of the fastest in the same feature',
  ),
  anomaly_min_share: bound(
    'share',
    0.02,
    "Smallest excess of an hour that is an anomaly, as a share of all calls' usual day",
  ),
  anomaly_min_usd: bound('least_usd', 0.1, 'Smallest excess that is an anomaly, USD'),
  anomaly_sensitivity: bound(
    'sensitivity',
    1,
    'How easily an hour is an anomaly: 2 halves the bounds of noise, 0.5 doubles them',
  ),
  findings_min_usd: bound(
    'usd',
    1,
    'What a finding must be worth for the first page of the report, USD, or 1% of all cost where that is more',
  ),
  prompt_cache_loss_usd: bound(
    'usd',
    0.1,
    'What prompt caching may cost beyond what it saves, USD in the window',
  ),
} as const satisfies Readonly<Record<string, Bound>>

export type BoundName = keyof typeof table
export type Bounds = Readonly<Record<BoundName, number>>

export const bounds: Readonly<Record<BoundName, Bound>> = table

export const defaultBounds = Object.fromEntries(
  Object.entries(table).map(([name, { value }]) => [name, value]),
) as Bounds
