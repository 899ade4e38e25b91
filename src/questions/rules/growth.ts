/** growth: cost that grows week after week, by the weeks and the rate of `llmcost trend`. */
import { picos, sumPicos, usdOf } from '../../domain/costs/amount.js'
import { dimensionOf } from '../../domain/dimensions.js'
import { growthOf, growthWeeks } from '../../domain/growth.js'
import type { Rule } from '../../domain/rules/rule.js'
import { dayOf } from '../../domain/time/calendar.js'
import { dayMs, hourMs, instantOf, localAt } from '../../domain/time/zones.js'
import { ruleDays, type RuleDayRow } from '../../metrics/rules/rule-days.js'
import type { Held } from '../../rules/held.js'
import { oneByOne } from './judgement.js'
import { ask, type Question } from '../question.js'

export const judgeGrowth = oneByOne(judgeRule)

async function judgeRule(question: Question, rule: Rule, steps: number): Promise<readonly Held[]> {
  const { db, asOf, scope, history } = question
  if (history.first_ts === null) return []
  const dayAt = (instant: number): number => dayOf(localAt(instant, scope.tz)) / dayMs
  const days = Array.from({ length: steps }, (_, step) => dayAt(asOf.getTime() - step * hourMs))
  const [newest = 0, oldest = 0] = [days[0], days.at(-1)]
  const beginning = (day: number): string => new Date(instantOf(day * dayMs, scope.tz)).toISOString()
  const window = { since: beginning(oldest - 7 * growthWeeks), until: beginning(newest) }
  const rows = await ask(
    db,
    ruleDays(
      { ...scope, ...window, filters: [...scope.filters, ...rule.filters] },
      rule.by === null ? null : dimensionOf(rule.by),
      rule.minUsd ?? '0',
    ),
  )
  const groups = groupsOf(rows)
  const firstDay = dayAt(Date.parse(history.first_ts))
  const byDay = new Map([...new Set(days)].map((day) => [day, heldOn(day, firstDay, groups, rule)]))
  return days.flatMap((day, step) => (byDay.get(day) ?? []).map((one) => ({ ...one, step })))
}

/** Cost by day; null where no call of the day has a price. */
type Days = ReadonlyMap<number, string | null>

function groupsOf(rows: readonly RuleDayRow[]): ReadonlyMap<string | null, Days> {
  const groups = new Map<string | null, Map<number, string | null>>()
  for (const { value, day, cost_usd } of rows) {
    const days = groups.get(value) ?? new Map<number, string | null>()
    groups.set(value, days.set(Number(day), cost_usd))
  }
  return groups
}

/** What holds on a local day, by the whole weeks before it. @param firstDay that of the oldest call of all */
function heldOn(
  day: number,
  firstDay: number,
  groups: ReadonlyMap<string | null, Days>,
  rule: Rule,
): readonly Omit<Held, 'step'>[] {
  const weeks = Math.min(growthWeeks, Math.floor((day - firstDay) / 7))
  if (weeks < 2) return []
  const begin = day - 7 * weeks
  return [...groups].flatMap(([value, days]) => {
    const first = [...days.keys()].filter((one) => one >= begin && one < day).toSorted((a, b) => a - b)[0]
    if (first === undefined) return []
    // The week in which a group begins is no week to grow from.
    const firstWhole = Math.ceil((first - begin) / 7)
    const costs = Array.from({ length: weeks }, (_, i) =>
      i < firstWhole ? null : costOf(days, begin + 7 * i),
    )
    const { growing, rate } = growthOf(costs)
    const last = costs.at(-1) ?? null
    const grows = growing >= (rule.weeks ?? 1) && rate !== null && rate >= Number(rule.bound)
    if (!grows || last === null || picos(last) < picos(rule.minUsd ?? '0')) return []
    const details = { growing_weeks: growing, cost_usd: last }
    return [{ rule, dimension: rule.by, value, measured: rate, bound: Number(rule.bound), details }]
  })
}

/** Of seven days, exact: 0 without calls, null where there are calls and none has a price. */
function costOf(days: Days, begin: number): string | null {
  const found = Array.from({ length: 7 }, (_, i) => days.get(begin + i)).filter((cost) => cost !== undefined)
  const priced = found.filter((cost) => cost !== null)
  if (found.length > 0 && priced.length === 0) return null
  return usdOf(sumPicos(priced))
}
