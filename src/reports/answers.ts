/**
 * Every kind of answer, by the `kind` of its JSON: which command gives it, and what it has beside the rows or
 * sections that all have. The published JSON Schemas are made from this.
 */

/** Keys of its own, each with what it holds. */
type OwnKeys = Readonly<Record<string, string>>

interface Answer {
  /** The command that gives it. */
  readonly command: string
  readonly data?: OwnKeys
  /** Tables beside the answer's own, by their key. */
  readonly beside?: readonly string[]
}

export const answers = {
  alerts: { command: 'alerts' },
  anomalies: {
    command: 'anomalies',
    data: { incidents: 'the incidents, each with its hours, its dollars and what it is made of' },
  },
  anomaly_baseline: { command: 'anomalies --explain' },
  breakdown: { command: 'breakdown' },
  budget: { command: 'budget' },
  cache: { command: 'cache' },
  call_cost: { command: 'explain' },
  calls: { command: 'calls' },
  caps: { command: 'caps' },
  caps_over: { command: 'caps --over' },
  caps_suggest: {
    command: 'caps --suggest',
    data: { user_caps: 'the caps that are suggested, as user_caps of the config file' },
  },
  caps_replay: { command: 'caps --replay' },
  check: {
    command: 'check',
    data: {
      checked_rules: 'the rules that were judged, by name',
      failed_rules: 'the rules that could not be judged, by name',
      idle_rules: 'the rules that had nothing to judge, by name',
    },
  },
  check_dry_run: { command: 'check --dry-run' },
  columns: { command: 'columns' },
  compare: { command: 'compare', data: { sides: 'what was compared: the window and filters of a and b' } },
  cost_multipliers: { command: 'simulate --multipliers' },
  doctor: { command: 'doctor' },
  efficiency: { command: 'efficiency' },
  errors: { command: 'errors' },
  estimate: { command: 'estimate' },
  forecast: {
    command: 'forecast',
    data: {
      text: 'the forecast in a sentence',
      method: 'how it was made',
      low_confidence: 'whether too few days are known',
      interval: 'the share of outcomes between the low and the high end, 0–1',
      weekday_factors: 'the cost of each weekday from Monday on over that of a mean day',
      daily: 'every day of the period, known or forecast',
    },
  },
  forecast_backtest: { command: 'forecast --backtest' },
  overview: { command: '' },
  formats: { command: 'formats' },
  ingest: { command: 'ingest', beside: ['brought'] },
  optimize: { command: 'optimize' },
  optimize_explained: { command: 'optimize --explain' },
  latency: {
    command: 'latency',
    beside: ['latency_by_hour', 'latency_by_day', 'latency_by_week', 'latency_by_month'],
  },
  plans: { command: 'plans', beside: ['alternatives'] },
  price_check: { command: 'prices check' },
  price_origin: { command: 'prices explain' },
  price_update: { command: 'prices update' },
  price_update_undone: { command: 'prices update --undo' },
  prices: { command: 'prices' },
  privacy: { command: 'doctor --privacy' },
  quality: { command: 'quality', data: { good_answers: 'what counts as a good answer' } },
  rejects: { command: 'rejects' },
  reconcile: {
    command: 'reconcile',
    data: {
      agrees: 'true where the bill and the calls agree, but for rounding',
      causes_sum_usd: 'what the parts add up to: the difference',
      day_zones: 'in which zone the days of each biller begin',
    },
  },
  report: {
    command: 'report',
    data: { incidents: 'the incidents of the window, as those of anomalies' },
  },
  reprice: { command: 'reprice' },
  simulation: { command: 'simulate' },
  sql: { command: 'sql' },
  status: { command: 'status' },
  tiers: { command: 'tiers' },
  trend: { command: 'trend', beside: ['growth'] },
} as const satisfies Readonly<Record<string, Answer>>

export type AnswerKind = keyof typeof answers

export const answerKinds = Object.keys(answers) as readonly AnswerKind[]
export const answerOf = (kind: AnswerKind): Answer => answers[kind]
