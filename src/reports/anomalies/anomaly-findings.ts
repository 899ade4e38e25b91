/** What stands out beside incidents: single dear calls, first spends, users beyond their part of a budget. */
import { dailyBudget } from '../../anomalies/budget.js'
import type { Budget } from '../../domain/budgets/budget.js'
import type { Dimension } from '../../domain/dimensions.js'
import { hourIso, hourStart } from '../../domain/time/hours.js'
import { spanOptions, type Typed } from '../../domain/words/commands.js'
import { namedWords } from '../../domain/words/subjects.js'
import { change, count, percent, usd, roundUsd } from '../../domain/words/wording.js'
import { dayMs, minuteText } from '../../domain/time/zones.js'
import type { FlagRow } from '../../metrics/anomalies/flags.js'
import type { ExpensiveCallRow } from '../../metrics/anomalies/expensive-calls.js'
import type { UserHourRow } from '../../metrics/anomalies/user-hours.js'
import type { Finding } from '../report.js'
import { shellWord } from '../../domain/words/quoting.js'

/** Calls of one feature and the fence that they passed, the dearest first. */
export function expensiveFindings(rows: readonly ExpensiveCallRow[], tz: string, typed: Typed): Finding[] {
  return rows.map((row) => {
    const { call_id: id, feature, cost_usd: cost, median_cost_usd: median, fence_usd: fence } = row
    const command = typed(`llmcost explain ${shellWord(id)}`)
    const times = count(Number((Number(cost) / median).toPrecision(2)))
    const from = [feature, row.user_id, row.model].filter((text) => text !== null).join(', ')
    const what = feature === null ? 'calls without a feature' : `calls of ${feature}`
    return {
      kind: 'expensive_call',
      severity: 'warning',
      dimension: 'call_id',
      value: id,
      measured: Number(cost),
      bound: fence,
      text: `${minuteText(Date.parse(row.ts), tz)}  one call for ${usd(cost)} (${from === '' ? row.source : from}), ${times} × the median of ${what}; ${command} shows its parts`,
      short: `one call at ${minuteText(Date.parse(row.ts), tz)} (${from === '' ? row.source : from}), ${times} × the median of ${what}`,
      command,
      touchedUsd: Number(cost),
      details: {
        ts: row.ts,
        source: row.source,
        feature,
        user_id: row.user_id,
        model: row.model,
        cost_usd: Number(cost),
        median_cost_usd: median,
        found_calls: Number(row.found_calls),
      },
    }
  })
}

/** Weeks of all calls that rise one after another, by more than their days differ anyway. */
export function driftFindings(rows: readonly FlagRow[], tz: string, typed: Typed): Finding[] {
  return rows.map(({ hour, cost_usd: cost, norm_usd: before, calls, norm_calls: callsBefore }) => {
    const until = hourStart(Number(hour) + 1, tz)
    const weeks = { since: new Date(until - 28 * dayMs).toISOString(), until: hourIso(until) }
    const command = typed(`llmcost trend --by feature${spanOptions(weeks, tz)}`)
    const more =
      calls === null || calls === undefined || !callsBefore
        ? ''
        : `, ${change(calls / callsBefore - 1)} calls`
    return {
      kind: 'drift',
      severity: 'warning',
      dimension: null,
      value: null,
      measured: cost,
      bound: before,
      text: `${minuteText(until, tz)}  all calls drift upwards: ${roundUsd(cost)} in the 7 days before, ${roundUsd(before)} three weeks earlier, more each week (${change(cost / before - 1)} cost${more}); ${command} shows which`,
      short: `all calls drift upwards: ${roundUsd(cost)} in the 7 days before ${minuteText(until, tz)}, ${roundUsd(before)} three weeks earlier`,
      command,
      touchedUsd: cost - before,
      details: {
        until: hourIso(until),
        cost_usd: cost,
        earlier_cost_usd: before,
        calls: calls ?? null,
        earlier_calls: callsBefore ?? null,
      },
    }
  })
}

/** @param leastUsd what a series must come to in its first 24 hours */
export function firstSpendFindings(
  rows: readonly FlagRow[],
  by: readonly Dimension[],
  leastUsd: number,
  tz: string,
): Finding[] {
  return rows.flatMap((row) => {
    const dimension = by[row.family - 1]
    if (dimension === undefined || row.cost_usd < leastUsd) return []
    const at = hourStart(Number(row.hour), tz)
    const what = namedWords(dimension.key, row.value ?? '(none)')
    const day = row.usual_usd === null ? '' : `; all calls come to ${usd(row.usual_usd)} on a usual day`
    return [
      {
        kind: 'first_spend',
        severity: 'info',
        dimension: dimension.key,
        value: row.value,
        measured: row.cost_usd,
        bound: null,
        text: `${minuteText(at, tz)}  ${what} is new: ${usd(row.cost_usd)} in its first 24 hours${day}`,
        short: `${what} is new since ${minuteText(at, tz)}`,
        touchedUsd: row.cost_usd,
        details: { hour: hourIso(at), usual_day_cost_usd: row.usual_usd },
      },
    ]
  })
}

/** Of a day's budget: what one user may spend in an hour. */
const hourlyShare = 0.01

/** Users who spent much of a day's budget in one hour, a finding each: the dearest hour, and how many there were. */
export function userHourFindings(
  rows: readonly UserHourRow[],
  budgets: readonly Budget[],
  tz: string,
  most: number,
): Finding[] {
  const beyond = rows.flatMap((row) => {
    const budget = dailyBudget(budgets, Math.floor(Number(row.hour) / 24))
    const share = budget === null ? 0 : Number(row.cost_usd) / budget
    return budget !== null && share > hourlyShare ? [{ row, budget, share }] : []
  })
  const byUser = new Map<string, typeof beyond>()
  for (const one of beyond) byUser.set(one.row.user_id, [...(byUser.get(one.row.user_id) ?? []), one])
  const worst = [...byUser].flatMap(([user, hours]) => {
    const top = hours.toSorted((a, b) => b.share - a.share)[0]
    return top === undefined ? [] : [{ user, top, hours: hours.length }]
  })
  return worst
    .toSorted((a, b) => b.top.share - a.top.share || (a.user < b.user ? -1 : 1))
    .slice(0, most)
    .map(({ user, top: { row, budget, share }, hours }) => {
      const at = hourStart(Number(row.hour), tz)
      const often = hours === 1 ? '' : `, the dearest of ${count(hours)} such hours`
      return {
        kind: 'user_hour_budget',
        severity: 'warning',
        dimension: 'user_id',
        value: user,
        measured: share,
        bound: hourlyShare,
        text: `${minuteText(at, tz)}  ${namedWords('user_id', user)} spent ${usd(row.cost_usd)} in one hour, ${percent(share)} of a day's budget of ${usd(budget)} (bound ${percent(hourlyShare)}${often})`,
        touchedUsd: Number(row.cost_usd),
        details: {
          hour: hourIso(at),
          cost_usd: Number(row.cost_usd),
          day_budget_usd: budget,
          hours_beyond: hours,
        },
      }
    })
}
