/** How the calls of a database stand right now: this month, today, forecast, budget, incidents. */
import { budgetStatuses } from '../domain/budgets/budget-state.js'
import { wordPeriod } from '../domain/time/periods.js'
import { breakdown } from '../metrics/breakdown.js'
import { alertsQuery } from '../metrics/rules/alerts.js'
import { lastIngest } from '../metrics/store/last-ingest.js'
import type { Spent, StandingFacts } from '../reports/store/standing.js'
import { askBudgets } from './budget-states.js'
import { askForecast } from './forecasting.js'
import { ask, type Question } from './question.js'

/** Everything but what to type next. */
export async function askStanding(question: Question): Promise<Omit<StandingFacts, 'next'>> {
  const { db, asOf, settings, history } = question
  const { tz, config, dbPath } = settings
  const until = asOf.toISOString()
  const since = (word: string): string => wordPeriod(word, asOf, tz)!.from.toISOString()
  const month = { since: since('this-month'), until }
  const { total } = await askForecast(question, { period: 'month', now: asOf })
  const { states } = config.budgets.length === 0 ? { states: [] } : await askBudgets(question, config.budgets)
  const worst = states.toSorted(
    (a, b) =>
      budgetStatuses.indexOf(b.status) - budgetStatuses.indexOf(a.status) ||
      (b.spentShare ?? 0) - (a.spentShare ?? 0),
  )
  const [alert] = await ask(db, alertsQuery(until, false, 1))
  const [ingest] = await ask(db, lastIngest())
  return {
    path: dbPath,
    month: { ...month, spent: await spentSince(question, month.since) },
    today: await spentSince(question, since('today')),
    forecast: total.forecast,
    budget: worst[0],
    budgets: states.length,
    incidents: alert?.all_alerts ?? 0,
    incident: alert?.text,
    isWatched: config.rules.length > 0,
    lastIngest: ingest?.last_ingest ?? null,
    history,
    tz,
  }
}

async function spentSince({ db, asOf, scope }: Question, since: string): Promise<Spent> {
  const window = { ...scope, since, until: asOf.toISOString() }
  const rows = await ask(
    db,
    breakdown({ scope: window, by: [], measures: ['cost_usd', 'calls', 'unpriced_calls'] }),
  )
  const total = rows.find((row) => row.is_total)
  return {
    cost_usd: (total?.cost_usd as string | null | undefined) ?? null,
    calls: Number(total?.calls ?? 0),
    unpriced_calls: Number(total?.unpriced_calls ?? 0),
  }
}
