/** A user beyond his usual in the words of a person. */
import { namedWords } from '../domain/words/subjects.js'
import { percent, usd } from '../domain/words/wording.js'
import type { UserBeyondRow, UserDayTerms } from '../metrics/anomalies/users-beyond.js'

/** What the day is told as a multiple of. */
export const usualText = ({ is_newcomer, usual_usd }: UserDayTerms): string =>
  is_newcomer
    ? `the ${usd(usual_usd)} a day of the 95th centile of users (this user is new)`
    : `a usual day of ${usd(usual_usd)}`

/** Where most of the day's money went: `; feature document is 94% of it`; empty where no call says. */
export function mostText(row: UserBeyondRow): string {
  const { feature, model } = row
  if (feature !== null) return `; ${namedWords('feature', feature)} is ${percent(row.feature_share)} of it`
  return model === null ? '' : `; ${namedWords('model', model)} is ${percent(row.model_share)} of it`
}
