/** budget_used and budget_forecast: how budgets stood at each moment, as `llmcost budget` tells it. */
import { againstShare, picos, sumPicos, usdOf } from '../../domain/costs/amount.js'
import type { Budget } from '../../domain/budgets/budget.js'
import type { BudgetState } from '../../domain/budgets/budget-state.js'
import { readDecimal } from '../../domain/costs/decimal.js'
import type { Rule } from '../../domain/rules/rule.js'
import { hourMs } from '../../domain/time/zones.js'
import { addDays } from '../../forecast/days.js'
import { beginningOf, nowOf, type Now } from '../../forecast/series.js'
import type { BudgetDayRow } from '../../metrics/budgets/budgets.js'
import { ruleBudgets, type RuleBudgetRow } from '../../metrics/rules/rule-budgets.js'
import type { Held } from '../../rules/held.js'
import { budgetHistoryDays, stateOf } from '../budget-states.js'
import type { Judgement } from './judgement.js'
import { ask, type Question } from '../question.js'

export async function judgeBudgets(
  question: Question,
  rules: readonly Rule[],
  steps: number,
): Promise<Judgement> {
  const { budgets } = question.settings.config
  if (budgets.length === 0)
    return { held: [], idle: rules.map((rule) => ({ rule, reason: 'no budget is set under budgets' })) }
  const known = rules.filter(({ budget }) => budget === null || budgets.some(({ name }) => name === budget))
  const failed = rules
    .filter((rule) => !known.includes(rule))
    .map((rule) => ({
      rule,
      message: `no budget is named ${rule.budget}; there are: ${budgets.map(({ name }) => name).join(', ')}`,
    }))
  if (known.length === 0) return { held: [], failed }
  const judged = steps + Math.max(...known.map(({ forHours }) => forHours))
  const held: Held[] = []
  const forecasts = known.some(({ kind }) => kind === 'budget_forecast')
  for await (const { step, states } of statesOver(question, budgets, judged, forecasts)) {
    for (const rule of known) held.push(...heldAt(rule, step, states))
  }
  return { held, failed }
}

function heldAt(rule: Rule, step: number, states: readonly BudgetState[]): readonly Held[] {
  return states.flatMap((state) => {
    const { budget, spentUsd, outlook } = state
    if (rule.budget !== null && rule.budget !== budget.name) return []
    const isForecast = rule.kind === 'budget_forecast'
    const usd = isForecast ? outlook?.usd : spentUsd
    if (usd === null || usd === undefined || !isOver(usd, budget.usd, rule.bound ?? '1')) return []
    const details: Record<string, string | number | null> = { cost_usd: spentUsd, budget_usd: budget.usd }
    if (isForecast) details['forecast_usd'] = Number(usd)
    return [
      {
        rule,
        step,
        dimension: 'budget',
        value: budget.name,
        measured: Number(usd) / Number(budget.usd),
        bound: Number(rule.bound),
        details,
      },
    ]
  })
}

/** Exactly where the amount is exact. */
function isOver(amount: string | number, budget: string, share: string): boolean {
  const part = readDecimal(share)
  if (part === undefined) return false
  if (typeof amount === 'number') return amount > Number(budget) * Number(share)
  return againstShare(picos(amount), part, picos(budget)) > 0n
}

interface Standing {
  readonly step: number
  readonly states: readonly BudgetState[]
}

/** All budgets at each step; one scan of the calls for all of it. */
async function* statesOver(
  { db, scope, asOf, history }: Question,
  budgets: readonly Budget[],
  steps: number,
  forecasts: boolean,
): AsyncGenerator<Standing> {
  const { tz } = scope
  const moments = Array.from({ length: steps }, (_, step) => {
    const at = new Date(asOf.getTime() - step * hourMs)
    return { step, at, now: nowOf(at, tz) }
  })
  const sets = new Map(budgets.map((budget) => [JSON.stringify(budget.filters), budget.filters]))
  const keys = [...sets.keys()]
  const clockMs = [...new Set(moments.map(({ now }) => now.clockMs % hourMs))]
  const oldest = moments.at(-1)?.now ?? nowOf(asOf, tz)
  const since = beginningOf(addDays(oldest.day, -budgetHistoryDays), tz)
  const read = { ...scope, since, until: asOf.toISOString() }
  const rows = await ask(
    db,
    ruleBudgets({ scope: read, asOf, filterSets: [...sets.values()], clockMs, steps }),
  )
  const days = new Days(rows)
  for (const { step, at, now } of moments) {
    const historySince = addDays(now.day, -budgetHistoryDays)
    const at0 = {
      step,
      now,
      slot: `slot_${clockMs.indexOf(now.clockMs % hourMs)}` as const,
      sets: keys.length,
    }
    const known = days.all
      .filter(([day]) => day >= historySince && day <= now.day)
      .map(([day, own]) => days.row(day, own, at0))
    const firstTs =
      history.first_ts !== null && Date.parse(history.first_ts) < at.getTime() ? history.first_ts : null
    const found = { rows: known, asOf: at, now, historySince, firstTs, tz, forecasts }
    yield {
      step,
      states: budgets.map((budget) =>
        stateOf(budget, { ...found, set: keys.indexOf(JSON.stringify(budget.filters)) }),
      ),
    }
  }
}

function byDay(rows: readonly RuleBudgetRow[]): readonly (readonly [string, readonly RuleBudgetRow[]])[] {
  const days = new Map<string, RuleBudgetRow[]>()
  for (const row of rows) {
    const own = days.get(row.day) ?? []
    own.push(row)
    days.set(row.day, own)
  }
  return [...days]
}

interface Moment {
  readonly step: number
  readonly now: Now
  readonly slot: `slot_${number}`
  readonly sets: number
}

/** Rows by day. A day that is over is the same at each moment of one time of the clock, and worked out once. */
class Days {
  readonly all: readonly (readonly [string, readonly RuleBudgetRow[]])[]
  readonly #ended = new Map<string, BudgetDayRow>()

  constructor(rows: readonly RuleBudgetRow[]) {
    this.all = byDay(rows)
  }

  row(day: string, rows: readonly RuleBudgetRow[], moment: Moment): BudgetDayRow {
    if (day >= moment.now.day) return dayRow(day, rows, moment)
    const key = `${day} ${moment.slot} ${Math.floor(moment.now.clockMs / hourMs)}`
    const found = this.#ended.get(key) ?? dayRow(day, rows, moment)
    this.#ended.set(key, found)
    return found
  }
}

/** A day as budgetDays would have answered at a moment. */
function dayRow(
  day: string,
  rows: readonly RuleBudgetRow[],
  { step, now, slot, sets }: Moment,
): BudgetDayRow {
  const seen = rows.filter((row) => Number(row.step) >= step)
  // Slot 0 is what lies before the first time of this minute; by now are the hours that end by the clock.
  const hours = Math.floor(now.clockMs / hourMs) + 1
  const early = seen.filter((row) => Number(row[slot]) < hours)
  const figures: Record<string, string | number | null> = {}
  for (let set = 0; set < sets; set++) {
    figures[`calls_${set}`] = seen.reduce((sum, row) => sum + Number(row[`calls_${set}`]), 0)
    figures[`unpriced_calls_${set}`] = seen.reduce(
      (sum, row) => sum + Number(row[`unpriced_calls_${set}`]),
      0,
    )
    figures[`cost_usd_${set}`] = total(seen, set)
    figures[`cost_by_now_usd_${set}`] = total(early, set)
  }
  return { day, calls: 0, unpriced_calls: 0, partly_priced_calls: 0, ...figures }
}

/** Exact; null where no call has a price. */
function total(rows: readonly RuleBudgetRow[], set: number): string | null {
  const costs = rows.flatMap((row) => row[`cost_usd_${set}`] ?? [])
  return costs.length === 0 ? null : usdOf(sumPicos(costs))
}
