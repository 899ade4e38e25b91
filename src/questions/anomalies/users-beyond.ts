/** Asks for users whose day is far beyond their own usual. */
import { missingHours, type HourSpan } from '../../domain/time/hours.js'
import type { Scope } from '../../domain/scope.js'
import { userDayBounds } from '../../metrics/anomalies/user-day-bounds.js'
import {
  userDayTerms,
  usersBeyond,
  type UserBeyondRow,
  type UserDayRow,
  type UsersBeyondRequest,
} from '../../metrics/anomalies/users-beyond.js'
import { ask, type Question } from '../question.js'

/** What a caller sets; the rest are bounds of the config file. */
export interface UserDayBar {
  /** What a day must cost at least, USD. */
  readonly leastUsd?: number | undefined
  /** And how many usual days. */
  readonly leastRatio?: number
  /** The bound of dispersion is multiplied by it. */
  readonly noiseScale?: number | undefined
}

export async function askUsersBeyond(
  question: Question,
  scope: Scope,
  span: HourSpan,
  bar: UserDayBar,
): Promise<readonly UserBeyondRow[]> {
  if (span.since >= span.until) return []
  return ask(question.db, usersBeyond(requestOf(question, scope, span, bar)))
}

/** What one user's day up to and with a local hour is judged by; undefined where too little is known. */
export async function askUserDay(
  question: Question,
  user: string,
  hour: number,
  bar: UserDayBar,
): Promise<UserDayRow | undefined> {
  const { scope } = question
  const first = (Math.floor(hour / 24) - userDayBounds.historyDays) * 24
  const missing = missingHours(first, hour + 1, scope.tz)
  const span = { first, since: hour, until: hour + 1, missing }
  const [row] = await ask(question.db, userDayTerms(requestOf(question, scope, span, bar), user))
  return row
}

function requestOf(
  { settings }: Question,
  scope: Scope,
  span: HourSpan,
  { leastUsd, leastRatio, noiseScale }: UserDayBar,
): UsersBeyondRequest {
  const { bounds } = settings.config
  return {
    scope,
    span,
    leastUsd: leastUsd ?? bounds.user_day_usd,
    leastShare: bounds.user_day_share,
    leastRatio: leastRatio ?? bounds.user_day_over_mean,
    spreads: bounds.user_day_spreads * (noiseScale ?? 1 / bounds.anomaly_sensitivity),
  }
}
