/** unusual_user: users whose day so far is far beyond their own usual, see metrics/users-beyond.ts. */
import { mostText, usualText } from '../../anomalies/beyond.js'
import { hourSpan } from '../../domain/time/hours.js'
import type { Rule } from '../../domain/rules/rule.js'
import { dayMs, hourMs, localAt } from '../../domain/time/zones.js'
import { userDayBounds } from '../../metrics/anomalies/user-day-bounds.js'
import type { UserBeyondRow } from '../../metrics/anomalies/users-beyond.js'
import type { Held } from '../../rules/held.js'
import { askUsersBeyond } from '../anomalies/users-beyond.js'
import { oneByOne } from './judgement.js'
import type { Question } from '../question.js'

export const judgeUsersBeyond = oneByOne(judgeRule)

async function judgeRule(question: Question, rule: Rule, steps: number): Promise<readonly Held[]> {
  const { asOf, scope } = question
  const { tz } = scope
  // A day more: a day holds from the hour in which it passed its bound, so it is judged from its midnight on.
  const since = new Date(asOf.getTime() - (steps + 1) * hourMs - dayMs).toISOString()
  const span = hourSpan({ since, until: asOf.toISOString() }, asOf, userDayBounds.historyDays, tz)
  const days = { ...span, since: Math.floor(span.since / 24) * 24 }
  const filtered = { ...scope, filters: [...scope.filters, ...rule.filters] }
  const bar = { leastUsd: Number(rule.minUsd), leastRatio: Number(rule.bound) }
  const rows = await askUsersBeyond(question, filtered, days, bar)
  return Array.from({ length: steps }, (_, step) => {
    const last = Math.floor(localAt(asOf.getTime() - step * hourMs, tz) / hourMs) - 1
    return soFar(rows, last).map((row) => heldOf(row, rule, step))
  }).flat()
}

/** Each user's row of the day of an hour, as the day stood at the end of it. */
function soFar(rows: readonly UserBeyondRow[], last: number): UserBeyondRow[] {
  const day = Math.floor(last / 24)
  const own = rows.filter(({ hour }) => Math.floor(Number(hour) / 24) === day && Number(hour) <= last)
  return [...new Map(own.map((row) => [row.user_id, row])).values()]
}

function heldOf(row: UserBeyondRow, rule: Rule, step: number): Held {
  const cost = Number(row.cost_usd)
  return {
    rule,
    step,
    dimension: 'user_id',
    value: row.user_id,
    measured: cost / row.usual_usd,
    bound: Number(rule.bound),
    details: {
      cost_usd: cost,
      usual_usd: row.usual_usd,
      calls: Number(row.calls),
      day: new Date(Math.floor(Number(row.hour) / 24) * dayMs).toISOString().slice(0, 10),
      usual: usualText(row),
      most: mostText(row),
    },
  }
}
