/**
 * Bounds beyond which a figure is worth a sentence; `bounds` in the config file moves them. Keys are those
 * of the config file.
 */
export const defaultBounds = {
  /** Share of calls cut off at their output limit, 0–1. */
  truncation_rate: 0.05,
  /** p95 of input tokens over their mean: a few calls far beyond the others. */
  p95_input_over_mean: 10,
  /** Mean of each call's output tokens over its input tokens. */
  mean_output_input_ratio: 1,
  /** p95 of output tokens over max_tokens: a limit far above what is used. */
  p95_output_of_max_tokens: 0.2,
  /** Share of all calls that go to a dear model, 0–1. */
  dear_model_call_share: 0.5,
  /** Mean cost of a feature's calls, USD. */
  mean_cost_usd: 0.1,
  /** Share of calls that failed, 0–1. */
  error_rate: 0.05,
  /** Weeks in a row that a feature must have grown to be named. */
  growth_weeks: 3,
  /** Mean growth a week over those weeks, 0–1, to be named. */
  growth_rate: 0.1,
} as const satisfies Readonly<Record<string, number>>

export type Bounds = Readonly<Record<keyof typeof defaultBounds, number>>
