/** How a database stands, in five lines. */
import type { BudgetState } from '../../domain/budgets/budget-state.js'
import { counted } from '../../domain/words/plurals.js'
import { count, inWords, percent, usd, usdScale, utcMinute } from '../../domain/words/wording.js'
import type { Forecast } from '../../forecast/forecast.js'
import { footerOf } from '../notes.js'
import type { HistoryRow } from '../../metrics/store/history.js'
import type { Column, Finding, Report, Row } from '../report.js'

/** Cost and calls of a time. */
export interface Spent {
  /** USD, exact; null where no call has a price. */
  readonly cost_usd: string | null
  readonly calls: number
  readonly unpriced_calls: number
}

export interface StandingFacts {
  readonly path: string
  /** ISO 8601 UTC. */
  readonly month: { readonly since: string; readonly until: string; readonly spent: Spent }
  readonly today: Spent
  readonly forecast: Forecast | null
  /** Of all budgets, the one that stands worst. */
  readonly budget: BudgetState | undefined
  readonly budgets: number
  /** Alerts that have not ended: how many, and the newest. */
  readonly incidents: number
  readonly incident: string | undefined
  /** Whether `llmcost check` has anything to watch. */
  readonly isWatched: boolean
  readonly lastIngest: string | null
  readonly history: HistoryRow
  readonly tz: string
  readonly next: readonly string[]
}

const data: readonly Column[] = [
  { key: 'month_cost_usd', title: 'this month', kind: 'usd' },
  { key: 'month_calls', title: 'calls this month', kind: 'count' },
  { key: 'month_unpriced_calls', title: 'unpriced this month', kind: 'count' },
  { key: 'today_cost_usd', title: 'today', kind: 'usd' },
  { key: 'today_calls', title: 'calls today', kind: 'count' },
  { key: 'forecast_usd', title: 'forecast', kind: 'usd' },
  { key: 'forecast_low_usd', title: 'at least', kind: 'usd' },
  { key: 'forecast_high_usd', title: 'at most', kind: 'usd' },
  { key: 'budget_usd', title: 'budget', kind: 'usd' },
  { key: 'budget_spent_share', title: 'spent', kind: 'rate' },
  { key: 'budget_status', title: 'status', kind: 'text' },
  { key: 'open_incidents', title: 'incidents', kind: 'count' },
  { key: 'last_ingest', title: 'last ingest', kind: 'time' },
  { key: 'last_ts', title: 'newest call', kind: 'time' },
]

const shownColumns: readonly Column[] = [
  ['month', 'this month'],
  ['forecast', 'forecast'],
  ['budget', 'budget'],
  ['incidents', 'incidents'],
  ['ingest', 'last ingest'],
].map(([key = '', title = '']) => ({ key, title, kind: 'text' }))

/** Five lines, and what to type next. */
export function standingReport(facts: StandingFacts): Report {
  const { month, today, forecast, budget, history, lastIngest, tz } = facts
  const row: Row = {
    month_cost_usd: month.spent.cost_usd,
    month_calls: month.spent.calls,
    month_unpriced_calls: month.spent.unpriced_calls,
    today_cost_usd: today.cost_usd,
    today_calls: today.calls,
    forecast_usd: forecast?.mean ?? null,
    forecast_low_usd: forecast?.low ?? null,
    forecast_high_usd: forecast?.high ?? null,
    budget_usd: budget?.budget.usd ?? null,
    budget_spent_share: budget?.spentShare ?? null,
    budget_status: budget?.status ?? null,
    open_incidents: facts.incidents,
    last_ingest: lastIngest,
    last_ts: history.last_ts,
  }
  return {
    kind: 'overview',
    title: facts.path,
    period: { since: null, until: null, tz },
    sections: [
      {
        id: 'standing',
        title: facts.path,
        layout: 'facts',
        columns: data,
        rows: [row],
        shownColumns,
        shownRows: [
          {
            month: monthLine(facts),
            forecast: forecastLine(facts),
            budget: budgetLine(facts),
            incidents: incidentLine(facts),
            ingest: lastIngest === null ? 'never' : utcMinute(lastIngest),
          },
        ],
      },
    ],
    findings: incidentFindings(facts),
    warnings: [],
    footer: [
      ...(history.last_ts === null ? [] : [`newest call: ${utcMinute(history.last_ts)}`]),
      ...footerOf(history),
    ],
    next: facts.next,
  }
}

const spentWords = ({ cost_usd: cost, calls, unpriced_calls: unpriced }: Spent): string =>
  calls === 0
    ? 'no calls'
    : `${cost === null ? 'no known cost' : usd(cost)}, ${counted(calls, 'call')}${unpriced > 0 && cost !== null ? ` (${count(unpriced)} unpriced)` : ''}`

function monthLine({ month, today, history, tz }: StandingFacts): string {
  if (month.spent.calls > 0) return `${spentWords(month.spent)}; today ${spentWords(today)}`
  const newest = history.last_ts === null ? '' : `; the newest is of ${day(history.last_ts, tz)}`
  return `no calls${newest}`
}

/** `2026-10-05`, in the zone. */
const day = (iso: string, tz: string): string =>
  new Intl.DateTimeFormat('en-CA', { timeZone: tz, dateStyle: 'short' }).format(new Date(iso))

function forecastLine({ forecast, month, tz }: StandingFacts): string {
  if (forecast === null || forecast.learnedDays === 0) return 'too little history'
  if (month.spent.calls === 0 && forecast.high < 0.01) return 'none: no calls for some time'
  const scale = usdScale([forecast.low, forecast.high])
  const [low, high] = [forecast.low, forecast.high].map((value) => inWords(value, scale))
  const name = new Intl.DateTimeFormat('en', { month: 'long', timeZone: tz }).format(new Date(month.since))
  return `${name} will end at ${low}–${high} (80 %)`
}

function budgetLine({ budget, budgets }: StandingFacts): string {
  if (budget === undefined) return 'none is set'
  const more = budgets > 1 ? `, ${count(budgets - 1)} more` : ''
  const spent = budget.spentShare === null ? 'not known' : percent(budget.spentShare)
  return `${budget.status.replaceAll('_', ' ')}: ${spent} of ${usd(budget.budget.usd)} ${budget.budget.period}${more}`
}

function incidentLine({ incidents, isWatched }: StandingFacts): string {
  if (incidents > 0) return `${count(incidents)} open`
  return isWatched ? 'none open' : 'no rules watch; llmcost anomalies looks'
}

/** The newest of alerts that have not ended. */
function incidentFindings({ incident }: StandingFacts): Finding[] {
  if (incident === undefined) return []
  const about = { dimension: null, value: null, measured: null, bound: null }
  return [{ kind: 'open_incident', severity: 'warning', ...about, text: incident }]
}
