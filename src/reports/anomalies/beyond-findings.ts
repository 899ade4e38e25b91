/** Users whose day is far beyond their own usual, as findings: one a user, by his dearest day. */
import { mostText, usualText } from '../../anomalies/beyond.js'
import { picos, shortUsdOf, sumPicos } from '../../domain/costs/amount.js'
import { hourIso, hourStart } from '../../domain/time/hours.js'
import { counted, plural } from '../../domain/words/plurals.js'
import { namedWords } from '../../domain/words/subjects.js'
import { count, number, usd } from '../../domain/words/wording.js'
import { dayMs, minuteText } from '../../domain/time/zones.js'
import type { UserBeyondRow } from '../../metrics/anomalies/users-beyond.js'
import type { Finding } from '../report.js'
import { withoutNoise } from './surprise-verdicts.js'

const dayOf = ({ hour }: UserBeyondRow): number => Math.floor(Number(hour) / 24)

/** A user's days that are beyond, the dearest first. */
type UserDays = readonly [UserBeyondRow, ...UserBeyondRow[]]

/**
 * @param rows in the order of time
 * @param most users named, the dearest; the rest are counted in one more
 */
export function beyondFindings(rows: readonly UserBeyondRow[], tz: string, most: number): Finding[] {
  const users = usersOf(rows)
  const rest = users.slice(most)
  return [
    ...users.slice(0, most).map((days) => findingOf(days, tz)),
    ...(rest.length === 0 ? [] : [restOf(rest)]),
  ]
}

const dearer = (a: UserBeyondRow, b: UserBeyondRow): number => {
  const [x, y] = [picos(a.cost_usd), picos(b.cost_usd)]
  return x === y ? Number(a.hour) - Number(b.hour) || (a.user_id < b.user_id ? -1 : 1) : x > y ? -1 : 1
}

/** The dearest user first. */
function usersOf(rows: readonly UserBeyondRow[]): UserDays[] {
  // Rows come in the order of time: the last of a day is all of it.
  const days = new Map(rows.map((row) => [`${dayOf(row)} ${row.user_id}`, row]))
  const users = new Map<string, UserDays>()
  for (const row of [...days.values()].toSorted(dearer)) {
    const before = users.get(row.user_id)
    users.set(row.user_id, before === undefined ? [row] : [...before, row])
  }
  return [...users.values()]
}

function findingOf(days: UserDays, tz: string): Finding {
  const [row] = days
  const passed = hourStart(Number(row.passed_hour), tz)
  const cost = Number(row.cost_usd)
  const times = number(Number((cost / row.usual_usd).toPrecision(2)))
  const day = new Date(dayOf(row) * dayMs).toISOString().slice(0, 10)
  const calls = counted(row.calls, 'call')
  const often = days.length === 1 ? '' : `, the dearest of ${count(days.length)} such days`
  return {
    kind: 'user_beyond_usual',
    severity: 'warning',
    dimension: 'user_id',
    value: row.user_id,
    measured: cost,
    bound: withoutNoise(row.bound_usd),
    text: `${minuteText(passed, tz)}  ${namedWords('user_id', row.user_id)} is beyond the usual: ${usd(row.cost_usd)} in ${calls} on ${day}${often}, ${times} × ${usualText(row)}${mostText(row)}`,
    short: `${namedWords('user_id', row.user_id)} is beyond the usual: ${calls} on ${day}${often}, ${times} × ${usualText(row)}${mostText(row)}`,
    touchedUsd: Number((cost - row.usual_usd).toFixed(6)),
    details: {
      hour: hourIso(passed),
      day,
      cost_usd: cost,
      calls: Number(row.calls),
      usual_usd: withoutNoise(row.usual_usd),
      is_newcomer: row.is_newcomer,
      usual_day_cost_usd: withoutNoise(row.account_usd),
      days: days.length,
      feature: row.feature,
      feature_share: withoutNoise(row.feature_share),
      model: row.model,
      model_share: withoutNoise(row.model_share),
    },
  }
}

/** `and 11 more users are beyond the usual, $6,078.12 on their dearest days together` */
function restOf(rest: readonly UserDays[]): Finding {
  const cost = shortUsdOf(sumPicos(rest.map(([row]) => row.cost_usd)))
  const users = `${count(rest.length)} more ${plural(rest.length, 'user is', 'users are')}`
  return {
    kind: 'user_beyond_usual',
    severity: 'warning',
    dimension: 'user_id',
    value: null,
    measured: Number(cost),
    bound: null,
    text: `and ${users} beyond the usual, ${usd(cost)} on the dearest day of each together`,
    touchedUsd: Number(cost),
    details: {
      users: rest.length,
      user_ids: rest.map(([row]) => row.user_id),
      cost_usd: Number(cost),
    },
  }
}
