/** For each alert: figures at which it fires, with what it then says, and figures at which it must not. */

export interface AlertCase {
  readonly alert: string
  /** What sets it apart from the others of this alert. */
  readonly about: string
  /** Minutes after the beginning. */
  readonly at: number
  /** Series and their values a minute, as promtool writes them. */
  readonly series: Readonly<Record<string, string>>
  /** None: it must not fire. */
  readonly fires?: { readonly labels?: Readonly<Record<string, string>>; readonly description: string }
}

const cost = 'llmcost_cost_usd_total{model="m"}'
const duration = 'llmcost_request_duration_seconds'

/** All calls of a histogram in one bucket, so many a minute. */
function answered(le: string, calls: number): Record<string, string> {
  const bounds = ['5.12', '10.24', '20.48', '40.96', '81.92', '+Inf']
  const buckets = bounds.map((bound, i) => [
    `${duration}_bucket{le="${bound}"}`,
    `0+${i < bounds.indexOf(le) ? 0 : calls}x240`,
  ])
  return { ...Object.fromEntries(buckets), [`${duration}_count`]: `0+${calls}x240` }
}

const hits = (share: number, lookups: number): Record<string, string> => ({
  llmcost_cache_hits_total: `0+${share * lookups}x1500`,
  llmcost_cache_lookups_total: `0+${lookups}x1500`,
})

const failures = (failed: number, calls: number): Record<string, string> => ({
  llmcost_errors_total: `0+${failed}x240`,
  llmcost_outcomes_total: `0+${calls}x240`,
})

const budget = '{budget="Search",period="monthly"}'

export const alertCases: readonly AlertCase[] = [
  {
    alert: 'LlmHourlyCostHigh',
    about: '$12 an hour',
    at: 120,
    series: { [cost]: '0+0.2x240' },
    fires: { description: '$12.00 in the last hour' },
  },
  { alert: 'LlmHourlyCostHigh', about: '$6 an hour', at: 120, series: { [cost]: '0+0.1x240' } },
  {
    alert: 'LlmHourlyCostHigh',
    about: 'priced anew: the whole sum is no cost of this hour',
    at: 80,
    series: { [cost]: '1000+0.01x60 999+0.01x180' },
  },
  {
    alert: 'LlmCostSpike',
    about: 'ten times the day before',
    at: 1580,
    series: { [cost]: '0+0.01x1500 15+0.1x120' },
    fires: { description: '10.0 times the same hour of the day before' },
  },
  {
    alert: 'LlmCostSpike',
    about: 'twice the day before',
    at: 1580,
    series: { [cost]: '0+0.05x1500 75+0.1x120' },
  },
  {
    alert: 'LlmCostSpike',
    about: 'ten times next to nothing',
    at: 1580,
    series: { [cost]: '0+0.001x1500 1.5+0.01x120' },
  },
  {
    alert: 'LlmCostSpike',
    about: 'priced anew: the whole sum is no cost of this hour',
    at: 1530,
    series: { [cost]: '1000+0.01x1500 999+0.01x120' },
  },
  {
    alert: 'LlmLatencyP95High',
    about: 'all answers between 20 and 41 s',
    at: 120,
    series: answered('40.96', 5),
    fires: { description: '39.94s' },
  },
  { alert: 'LlmLatencyP95High', about: 'quick answers', at: 120, series: answered('5.12', 5) },
  { alert: 'LlmLatencyP95High', about: 'a dozen calls', at: 120, series: answered('40.96', 0.2) },
  {
    alert: 'LlmLatencyP99High',
    about: 'all answers between 41 and 82 s',
    at: 120,
    series: answered('81.92', 5),
    fires: { description: '1m 21s' },
  },
  { alert: 'LlmLatencyP99High', about: 'within the bound', at: 120, series: answered('40.96', 5) },
  { alert: 'LlmLatencyP99High', about: 'sixty calls', at: 120, series: answered('81.92', 1) },
  {
    alert: 'LlmCacheHitRateLow',
    about: 'one hit in twenty',
    at: 1500,
    series: hits(0.05, 20),
    fires: { description: '5% of calls' },
  },
  { alert: 'LlmCacheHitRateLow', about: 'half of the calls', at: 1500, series: hits(0.5, 20) },
  { alert: 'LlmCacheHitRateLow', about: 'hardly any call', at: 1500, series: hits(0, 0.05) },
  {
    alert: 'LlmErrorRateHigh',
    about: 'one call in ten',
    at: 120,
    series: failures(1, 10),
    fires: { description: '10% of calls' },
  },
  { alert: 'LlmErrorRateHigh', about: 'one call in fifty', at: 120, series: failures(0.2, 10) },
  { alert: 'LlmErrorRateHigh', about: 'twelve calls', at: 120, series: failures(0.1, 0.2) },
  {
    alert: 'LlmBudgetUsed',
    about: '95 %',
    at: 10,
    series: { [`llmcost_budget_spent_ratio${budget}`]: '0.95x20' },
    fires: { labels: { budget: 'Search', period: 'monthly' }, description: 'budget Search: 95% is spent' },
  },
  {
    alert: 'LlmBudgetUsed',
    about: '90 %: the bound itself',
    at: 10,
    series: { [`llmcost_budget_spent_ratio${budget}`]: '0.9x20' },
  },
  {
    alert: 'LlmBudgetForecast',
    about: '$120 of $100',
    at: 420,
    series: {
      [`llmcost_budget_forecast_usd${budget}`]: '120x500',
      [`llmcost_budget_limit_usd${budget}`]: '100x500',
    },
    fires: {
      labels: { budget: 'Search', period: 'monthly' },
      description: 'budget Search: forecast to end at 120%',
    },
  },
  {
    alert: 'LlmBudgetForecast',
    about: 'since an hour only',
    at: 420,
    series: {
      [`llmcost_budget_forecast_usd${budget}`]: '90x360 120x100',
      [`llmcost_budget_limit_usd${budget}`]: '100x500',
    },
  },
  {
    alert: 'LlmCostUnusual',
    about: '$5 above normal',
    at: 10,
    series: { 'llmcost_anomaly_excess_usd{series="feature"}': '5x20' },
    fires: { labels: { series: 'feature' }, description: '$5.00 above what is usual, seen by feature' },
  },
  {
    alert: 'LlmCostUnusual',
    about: 'no open incident',
    at: 10,
    series: { 'llmcost_anomaly_excess_usd{series="feature"}': '0x20' },
  },
  {
    alert: 'LlmNoData',
    about: 'the newest call is four hours old',
    at: 240,
    series: { llmcost_newest_call_timestamp_seconds: '0x300' },
    fires: { description: '4 hours since the newest call' },
  },
  {
    alert: 'LlmNoData',
    about: 'calls all the time',
    at: 240,
    series: { llmcost_newest_call_timestamp_seconds: '0+60x300' },
  },
  {
    alert: 'LlmMetricsStale',
    about: 'read two hours ago',
    at: 120,
    series: { llmcost_read_timestamp_seconds: '0x300' },
    fires: {
      description:
        '2h 0m 0s since the database was read: look at the cron job, or at what holds the database.',
    },
  },
  {
    alert: 'LlmMetricsStale',
    about: 'read each minute',
    at: 120,
    series: { llmcost_read_timestamp_seconds: '0+60x300' },
  },
]
