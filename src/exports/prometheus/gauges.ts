/** What stands now: budgets, the month's forecast, open incidents, how fresh the data are. */
import type { Incident } from '../../anomalies/build.js'
import { usdOf } from '../../domain/costs/amount.js'
import type { BudgetState } from '../../domain/budgets/budget-state.js'
import { plain, readDecimal } from '../../domain/costs/decimal.js'
import { hourMs } from '../../domain/time/zones.js'
import type { GroupForecast } from '../../forecast/groups.js'
import type { Family, Sample } from './text.js'

const gauge = (name: string, help: string, samples: readonly Sample[]): Family => ({
  name,
  type: 'gauge',
  help,
  samples,
})

/** No sample where the figure is not known. */
const figure = (
  value: string | number | null | undefined,
  labels: Readonly<Record<string, string>> = {},
): Sample[] => (value === null || value === undefined ? [] : [{ labels, value: decimal(value) }])

function decimal(value: string | number): string {
  const exact = readDecimal(value)
  return exact === undefined ? String(value) : plain(exact)
}

export function budgetFamilies(states: readonly BudgetState[]): Family[] {
  const named = withOwnNames(states)
  const each = (of: (state: BudgetState) => string | number | null | undefined): Sample[] =>
    named.flatMap(({ state, labels }) => figure(of(state), labels))
  return [
    gauge(
      'llmcost_budget_limit_usd',
      'A budget, USD in its period.',
      each(({ budget }) => budget.usd),
    ),
    gauge(
      'llmcost_budget_spent_usd',
      'What is spent of it in the running period, USD.',
      each(({ spentUsd }) => spentUsd),
    ),
    gauge(
      'llmcost_budget_spent_ratio',
      'What is spent over the budget: 1 is all of it.',
      each(({ spentShare }) => spentShare),
    ),
    gauge(
      'llmcost_budget_forecast_usd',
      'What will be spent when the period ends, USD.',
      each(({ outlook }) => outlook?.usd),
    ),
  ]
}

/** Two budgets may have one name; two series may not. */
function withOwnNames(
  states: readonly BudgetState[],
): { state: BudgetState; labels: Record<string, string> }[] {
  const taken = new Map<string, number>()
  return states.map((state) => {
    const { name, period } = state.budget
    const key = `${period} ${name}`
    const count = (taken.get(key) ?? 0) + 1
    taken.set(key, count)
    return { state, labels: { budget: count === 1 ? name : `${name} (${count})`, period } }
  })
}

export function monthFamilies({ forecast, soFarUsd }: GroupForecast): Family[] {
  return [
    gauge('llmcost_month_cost_usd', 'Cost of the running month so far, USD.', figure(soFarUsd)),
    gauge('llmcost_month_forecast_usd', 'Where the month will end, USD.', figure(forecast?.mean)),
    gauge(
      'llmcost_month_forecast_low_usd',
      'Lower end of the 80% interval of where the month will end, USD.',
      figure(forecast?.low),
    ),
    gauge(
      'llmcost_month_forecast_high_usd',
      'Upper end of the 80% interval of where the month will end, USD.',
      figure(forecast?.high),
    ),
  ]
}

/**
 * An incident is open until so long after its last abnormal hour: a later one would be another incident. One that
 * was seen over 24 hours goes on over a night, while its own days begin to count as usual.
 */
const openMs = { hours: 6 * hourMs, days: 24 * hourMs }

export function openIncidents(incidents: readonly Incident[], asOf: Date): Incident[] {
  return incidents.filter(({ until, kinds }) => {
    const isOfDays = kinds.some((kind) => kind === 'drift' || kind === 'sustained')
    const lasting = isOfDays ? openMs.days : openMs.hours
    return asOf.getTime() - Date.parse(until) < lasting
  })
}

/** @param keys the dimensions of the series beside all calls together */
export function anomalyFamilies(open: readonly Incident[], keys: readonly string[]): Family[] {
  const excess = [null, ...keys].flatMap((key) => {
    const own = open.flatMap(({ series }) => series.filter(({ dimension }) => dimension === key))
    const sum = own.reduce((total, one) => total + one.excess, 0n)
    return figure(usdOf(sum), { series: key ?? 'all' })
  })
  return [
    gauge(
      'llmcost_anomaly_open_incidents',
      'Incidents with an abnormal hour in the last six hours; of those seen over 24 hours, in the last 24.',
      figure(open.length),
    ),
    gauge(
      'llmcost_anomaly_excess_usd',
      'Cost of the open incidents above what is usual, USD, in the abnormal series of each kind: all calls, one feature, one user.',
      excess,
    ),
  ]
}

export interface Freshness {
  /** ISO 8601 UTC; null before any call or run. */
  readonly newestCall: string | null
  readonly lastIngest: string | null
  readonly readAt: Date
  readonly version: string
}

export function freshnessFamilies({ newestCall, lastIngest, readAt, version }: Freshness): Family[] {
  const instant = (iso: string | null): Sample[] => figure(iso === null ? null : Date.parse(iso) / 1000)
  return [
    gauge(
      'llmcost_newest_call_timestamp_seconds',
      'When the newest call was made, seconds since 1970.',
      instant(newestCall),
    ),
    gauge(
      'llmcost_last_ingest_timestamp_seconds',
      'When logs were last read into the database, seconds since 1970.',
      instant(lastIngest),
    ),
    gauge(
      'llmcost_read_timestamp_seconds',
      'When the database was read for these figures, seconds since 1970.',
      figure(readAt.getTime() / 1000),
    ),
    gauge('llmcost_build_info', 'Version of llmcost.', figure(1, { version })),
  ]
}
