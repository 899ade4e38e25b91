/** The test of an hour by likelihood in figures: docs/anomaly-method.md tells what each is for. */

/** Bounds of the test. */
export const surpriseBounds = {
  /** Surprise beyond which a series is flagged, where there is one alone; ln(series) is added. */
  surprise: 8,
  /** What a loss of half a usual day and more takes off the bound: twice its logarithm, at most this. */
  stake: { day: 0.5, weight: 2, most: 4 },
  /** Times the norm, over one hour and over a day. */
  times: { hour: 2, day: 1.7 },
  /** Share of the excess that must be there without the worst hour, in the last quarter, and without the dearest call. */
  rest: 0.3,
  recent: 0.1,
  dearest: 0.5,
  /** Share of the excess that the calls must explain, where they alone are beyond chance. */
  explained: 0.3,
  /** Hours of the widths whose worst hour is left out. */
  trimmed: 6,
} as const

/** What an hour must pass to be flagged. */
export type Condition =
  | 'above'
  | 'stake'
  | 'times'
  | 'rest'
  | 'recent'
  | 'money'
  | 'calls'
  | 'dearest'
  | 'explained'

/** Conditions that need not be passed, only reached. */
export const reached: readonly Condition[] = ['stake', 'explained']

/** Hours of history from which a day has a norm at all, tells weekdays from weekends, and weekdays apart. */
export const historyNeeded = { any: 24, dayTypes: 7 * 24, weekdays: 14 * 24 } as const
