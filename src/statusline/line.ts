/** The figures as the one line that an agent shows, or as JSON. */
import { budgetPeriods, type BudgetPeriod } from '../domain/budgets/budget.js'
import type { BudgetState } from '../domain/budgets/budget-state.js'
import { duration } from '../domain/time/duration.js'
import { visible } from '../domain/words/hidden.js'
import { counted } from '../domain/words/plurals.js'
import { percent, usd } from '../domain/words/wording.js'
import { cutEnd, width } from '../renderers/width.js'
import { isOfAll, standing, type LineFigures, type SessionCost } from './figures.js'

/** Figures that are older say so. */
const youngMs = 15 * 60_000

export interface Looks {
  /** Columns that there are; undefined: whoever shows the line sees to it. */
  readonly columns: number | undefined
  readonly color: boolean
}

/** A part of the line; where there is no room, what matters least goes first. */
interface Part {
  readonly text: string
  /** The same without what the rest tells. */
  readonly short?: string
  readonly tone?: 'over' | 'level' | 'within'
  /** The highest leaves first; 0 stays. */
  readonly leaves: number
}

const names: Readonly<Record<BudgetPeriod, string>> = { daily: 'today', weekly: 'week', monthly: 'month' }

/** `$0.42 session · $3.10 today · $84.20 of $200.00 month (42.1%)` */
export function lineOf(figures: LineFigures, looks: Looks): string {
  const { session, periods, ageMs, isBehind } = figures
  const parts = [
    ...(session === undefined ? [] : [sessionPart(session)]),
    ...budgetPeriods.flatMap((period) => {
      const { budget, costUsd } = periods[period]
      if (period === 'weekly' && budget === undefined) return []
      const leaves = { daily: 2, weekly: 4, monthly: 0 }[period]
      return [part(usd(costUsd), names[period], budget, leaves)]
    }),
    ...unpricedPart(periods.monthly.unpricedCalls),
    ...agePart(ageMs, isBehind),
    ...otherParts(figures.budgets),
  ]
  return drawn(parts, looks)
}

/** What there is to say without sums. */
export function lineWithout(session: SessionCost | undefined, why: string, looks: Looks): string {
  const known = session === undefined ? [] : [{ ...sessionPart(session), leaves: 1 }]
  return drawn([...known, { text: why, leaves: 0 }], looks)
}

const sessionPart = ({ from, costUsd }: SessionCost): Part => ({
  text: `${usd(costUsd)} session${from === 'agent' ? " (agent's figure)" : ''}`,
  leaves: 3,
})

function part(cost: string, name: string, budget: BudgetState | undefined, leaves: number): Part {
  if (budget === undefined) return { text: `${cost} ${name}`, leaves }
  const share = budget.spentShare === null ? '' : ` (${percent(budget.spentShare)})`
  const short = `${cost} of ${usd(budget.budget.usd)} ${name}`
  return { text: short + share, short, tone: standing(budget), leaves }
}

/** Budgets of some calls alone, from their first level on, those that are used most first. */
function otherParts(budgets: readonly BudgetState[]): Part[] {
  return budgets
    .filter((state) => !isOfAll(state.budget) && standing(state) !== 'within')
    .toSorted((a, b) => (b.spentShare ?? 0) - (a.spentShare ?? 0))
    .map((state, i) => part(usd(state.spentUsd), visible(state.budget.name), state, 5 + i))
}

const unpricedPart = (calls: number): Part[] =>
  calls === 0 ? [] : [{ text: `${counted(calls, 'call', 'calls')} unpriced`, leaves: 0 }]

function agePart(ageMs: number, isBehind: boolean): Part[] {
  const old = ageMs > youngMs ? `${duration(Math.floor(ageMs / 60_000) * 60_000)} old` : ''
  const behind = isBehind ? 'older than the database' : ''
  const text = [old, behind].filter((one) => one !== '').join(', ')
  return text === '' ? [] : [{ text, tone: 'level', leaves: 0 }]
}

const separator = ' · '

/** From here on a part is dear: before one of these leaves, all of them are shortened. */
const dear = 3

function drawn(parts: readonly Part[], { columns = Infinity, color }: Looks): string {
  let shown = parts
  let isShort = false
  const plain = (): string => shown.map(({ text }) => text).join(separator)
  while (width(plain()) > columns) {
    const least = Math.max(...shown.map(({ leaves }) => leaves))
    if (!isShort && least <= dear) {
      isShort = true
      shown = shown.map(({ short, ...part }) => ({ ...part, text: short ?? part.text }))
    } else if (least > 0) shown = shown.filter(({ leaves }) => leaves !== least)
    else return cutEnd(plain(), columns)
  }
  return shown.map(({ text, tone }) => (color ? painted(text, tone) : text)).join(separator)
}

const painted = (text: string, tone: Part['tone']): string =>
  tone === undefined || tone === 'within' ? text : `\u001B[${tone === 'over' ? 31 : 33}m${text}\u001B[39m`

/** The same for programs: amounts are USD with all their digits. */
export function jsonOf(figures: LineFigures): string {
  const { session, periods, budgets, tz, until, ageMs, isBehind } = figures
  const costOf = (period: BudgetPeriod): unknown => {
    const { period: ends, costUsd, calls, unpricedCalls } = periods[period]
    return { since: ends.since, until, cost_usd: costUsd, calls, unpriced_calls: unpricedCalls }
  }
  return jsonText({
    period: { until, tz },
    session: session === undefined ? null : { from: session.from, cost_usd: session.costUsd },
    today: costOf('daily'),
    week: costOf('weekly'),
    month: costOf('monthly'),
    budgets: budgets.map(({ budget, spentUsd, spentShare, level, status }) => ({
      name: budget.name,
      period: budget.period,
      budget_usd: budget.usd,
      cost_usd: spentUsd,
      spent_share: spentShare,
      level,
      status,
    })),
    age_ms: Math.max(0, ageMs),
    is_behind: isBehind,
    problem: null,
  })
}

export const jsonWithout = (session: SessionCost | undefined, why: string): string =>
  jsonText({
    session: session === undefined ? null : { from: session.from, cost_usd: session.costUsd },
    problem: why,
  })

const jsonText = (answer: Record<string, unknown>): string =>
  JSON.stringify({ schemaVersion: 1, kind: 'statusline', ...answer }, (_, value: unknown) =>
    typeof value === 'string' ? visible(value) : value,
  )
