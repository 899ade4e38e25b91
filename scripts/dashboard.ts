/** grafana/llmcost-dashboard.json: the figures of `llmcost metrics` on one page. */

interface Target {
  readonly expr: string
  readonly legend: string
  /** One value for the whole time shown, rather than a line. */
  readonly instant?: true
}

interface Panel {
  readonly title: string
  readonly about: string
  readonly type: 'stat' | 'timeseries' | 'piechart' | 'bargauge'
  readonly unit: string
  /** Of 24 columns, and rows of the grid. */
  readonly width: number
  readonly height: number
  readonly targets: readonly Target[]
  readonly decimals?: number
  readonly stacked?: true
  /** Values at which the colour changes, green first. */
  readonly steps?: readonly (readonly [color: string, from: number])[]
}

const scope = '{provider=~"$provider", model=~"$model", feature=~"$feature"}'
const among = (more: string): string => scope.replace('}', `, ${more}}`)
const rate = (name: string, within = '$__rate_interval', labels = scope): string =>
  `rate(${name}${labels}[${within}])`
const month = 30 * 86_400

const quantiles = [0.5, 0.95, 0.99].map((at): Target => ({
  expr: `histogram_quantile(${at}, sum by (le) (${rate('llmcost_request_duration_seconds_bucket')}))`,
  legend: `P${at * 100}`,
}))

const stat = { type: 'stat', width: 6, height: 4 } as const
const half = { type: 'timeseries', width: 12, height: 8 } as const
const perHour = 'USD an hour, from the calls of the time between two points.'

const panels: readonly Panel[] = [
  {
    ...stat,
    title: 'Cost, projected to a month',
    about: 'What 30 days cost at the rate of the last hour.',
    unit: 'currencyUSD',
    targets: [{ expr: `sum(${rate('llmcost_cost_usd_total', '1h')}) * ${month}`, legend: 'a month' }],
  },
  {
    ...stat,
    title: 'This month',
    about: 'Cost so far, and where the month will end by the forecast of llmcost, all calls.',
    unit: 'currencyUSD',
    targets: [
      { expr: 'max(llmcost_month_cost_usd)', legend: 'so far' },
      { expr: 'max(llmcost_month_forecast_usd)', legend: 'forecast' },
    ],
  },
  {
    ...stat,
    title: 'Cache hit rate',
    about: 'Calls that the response cache answered, of those that say whether it did.',
    unit: 'percentunit',
    targets: [
      {
        expr: `sum(increase(llmcost_cache_hits_total${scope}[$__range])) / sum(increase(llmcost_cache_lookups_total${scope}[$__range]))`,
        legend: 'hits',
        instant: true,
      },
    ],
  },
  {
    ...stat,
    title: 'Newest call',
    about: 'How long ago it was made: figures are as fresh as the logs that were read.',
    unit: 's',
    targets: [{ expr: 'time() - max(llmcost_newest_call_timestamp_seconds)', legend: 'ago', instant: true }],
    steps: [
      ['yellow', 3600],
      ['red', 10_800],
    ],
  },
  {
    ...half,
    title: 'Cost by feature',
    about: `${perHour} A feature is the endpoint where the log names no feature.`,
    unit: 'currencyUSD',
    stacked: true,
    targets: [{ expr: `sum by (feature) (${rate('llmcost_cost_usd_total')}) * 3600`, legend: '{{feature}}' }],
  },
  {
    ...half,
    title: 'Cost by model',
    about: perHour,
    unit: 'currencyUSD',
    stacked: true,
    targets: [{ expr: `sum by (model) (${rate('llmcost_cost_usd_total')}) * 3600`, legend: '{{model}}' }],
  },
  {
    ...half,
    title: 'Tokens in and out',
    about: 'Tokens a second; input includes what the prompt cache served.',
    unit: 'short',
    targets: [
      {
        expr: `sum by (type) (${rate('llmcost_tokens_total', '$__rate_interval', among('type=~"input|output|cache_read"'))})`,
        legend: '{{type}}',
      },
    ],
  },
  {
    ...half,
    title: 'Latency',
    about: 'Of calls that a provider answered.',
    unit: 's',
    targets: quantiles,
  },
  {
    ...half,
    title: 'Requests and errors',
    about: 'Calls a second, and those of them that failed.',
    unit: 'reqps',
    targets: [
      { expr: `sum(${rate('llmcost_requests_total')})`, legend: 'requests' },
      { expr: `sum(${rate('llmcost_errors_total')})`, legend: 'errors' },
    ],
  },
  {
    ...half,
    title: 'Cache hit rate over time',
    about: 'Calls that the response cache answered, of those that say whether it did.',
    unit: 'percentunit',
    targets: [
      {
        expr: `sum(${rate('llmcost_cache_hits_total')}) / sum(${rate('llmcost_cache_lookups_total')})`,
        legend: 'hits',
      },
    ],
  },
  {
    type: 'piechart',
    width: 8,
    height: 8,
    title: 'Calls by model',
    about: 'Over the time shown.',
    unit: 'short',
    decimals: 0,
    targets: [
      {
        expr: `sum by (model) (increase(llmcost_requests_total${scope}[$__range]))`,
        legend: '{{model}}',
        instant: true,
      },
    ],
  },
  {
    type: 'bargauge',
    width: 8,
    height: 8,
    title: 'Budgets',
    about: 'Spent in the running period, of the budget.',
    unit: 'percentunit',
    targets: [
      {
        expr: 'max by (budget, period) (llmcost_budget_spent_ratio)',
        legend: '{{budget}} ({{period}})',
        instant: true,
      },
    ],
    steps: [
      ['yellow', 0.8],
      ['red', 1],
    ],
  },
  {
    type: 'timeseries',
    width: 8,
    height: 8,
    title: 'Budgets: forecast',
    about: 'Where the running period will end, beside the budget.',
    unit: 'currencyUSD',
    targets: [
      { expr: 'max by (budget, period) (llmcost_budget_forecast_usd)', legend: '{{budget}}: forecast' },
      { expr: 'max by (budget, period) (llmcost_budget_limit_usd)', legend: '{{budget}}: budget' },
    ],
  },
  {
    ...half,
    title: 'Unusual cost',
    about: 'Cost of open incidents above what is usual; llmcost anomalies tells what drives them.',
    unit: 'currencyUSD',
    targets: [{ expr: 'max by (series) (llmcost_anomaly_excess_usd)', legend: '{{series}}' }],
  },
  {
    ...half,
    title: 'Calls without a price',
    about: 'They are missing in every cost; llmcost prices check names the models.',
    unit: 'short',
    targets: [
      {
        expr: `sum by (model) (llmcost_unpriced_requests${scope})`,
        legend: '{{model}}',
      },
    ],
  },
]

const source = { type: 'prometheus', uid: '${source}' } as const

function placed(): object[] {
  let [x, y, id] = [0, 0, 0]
  return panels.map((panel) => {
    if (x + panel.width > 24) x = 0
    const at = { x, y, w: panel.width, h: panel.height }
    x += panel.width
    if (x === 24) [x, y] = [0, y + panel.height]
    return drawn(panel, at, ++id)
  })
}

function drawn(panel: Panel, gridPos: object, id: number): object {
  const { title, about, type, unit, targets, stacked, steps, decimals } = panel
  return {
    id,
    title,
    description: about,
    type,
    gridPos,
    datasource: source,
    fieldConfig: {
      defaults: {
        unit,
        ...(decimals === undefined ? {} : { decimals }),
        ...(type === 'bargauge' ? { min: 0, max: 1 } : {}),
        ...(type === 'timeseries'
          ? {
              min: 0,
              custom: stacked
                ? { fillOpacity: 30, stacking: { mode: 'normal' }, showPoints: 'never' }
                : { fillOpacity: 10, showPoints: 'never' },
            }
          : {}),
        thresholds: {
          mode: 'absolute',
          steps: [
            { color: 'green', value: null },
            ...(steps ?? []).map(([color, value]) => ({ color, value })),
          ],
        },
      },
      overrides: [],
    },
    options: optionsOf(panel),
    targets: targets.map(({ expr, legend, instant }, i) => ({
      refId: String.fromCodePoint(65 + i),
      datasource: source,
      expr,
      legendFormat: legend,
      ...(instant ? { instant: true, range: false } : { range: true }),
    })),
  }
}

function optionsOf({ type }: Panel): object {
  const reduceOptions = { calcs: ['lastNotNull'], values: false, fields: '' }
  if (type === 'timeseries')
    return { tooltip: { mode: 'multi', sort: 'desc' }, legend: { placement: 'bottom' } }
  if (type === 'piechart')
    return { reduceOptions, legend: { placement: 'right', values: ['percent', 'value'] } }
  return { reduceOptions, orientation: type === 'bargauge' ? 'horizontal' : 'auto' }
}

/** All values at first; a series without the label counts, too. */
const variable = (name: string): object => ({
  name,
  label: name,
  type: 'query',
  datasource: source,
  query: { query: `label_values(llmcost_requests_total, ${name})`, refId: name },
  refresh: 2,
  sort: 1,
  multi: true,
  includeAll: true,
  allValue: '.*',
  current: { selected: true, text: ['All'], value: ['$__all'] },
})

/** grafana/llmcost-dashboard.json. */
export function dashboard(): string {
  const page = {
    uid: 'llmcost',
    title: 'LLM cost',
    description: 'What calls to language models cost, from `llmcost metrics`.',
    tags: ['llm', 'cost'],
    schemaVersion: 39,
    editable: true,
    refresh: '1m',
    time: { from: 'now-24h', to: 'now' },
    timezone: 'browser',
    templating: {
      list: [
        { name: 'source', label: 'Prometheus', type: 'datasource', query: 'prometheus' },
        ...['provider', 'model', 'feature'].map(variable),
      ],
    },
    panels: placed(),
  }
  return `${JSON.stringify(page, null, 2)}\n`
}
