/** Scenarios side by side with today: `llmcost simulate`. */
import {
  compare,
  less,
  over,
  ratioNumber,
  times,
  usdText,
  whole,
  type Fraction,
} from '../../domain/costs/fraction.js'
import { sumOf } from '../../domain/costs/decimal.js'
import type { Outcome, ScenarioAnswer, SimulationAnswer } from '../../domain/scenarios/answer.js'
import { counted } from '../../domain/words/plurals.js'
import { number, usd } from '../../domain/words/wording.js'
import { column } from '../columns.js'
import type { Column, Row, Section } from '../report.js'

export interface ScenariosFacts extends SimulationAnswer {
  readonly prices: 'call' | 'today'
  /** What a month is made of, in words: `30 days measured × 365/360`. */
  readonly month: string
  /** The row of what is, as people call it. */
  readonly base: string
}

const cost = (key: string, title: string): Column => column(key, title, 'usd')

export function scenariosSection(facts: ScenariosFacts): Section {
  const { today, scenarios } = facts
  const breaks = scenarios.some(({ breakEven }) => breakEven !== null)
  return {
    id: 'scenarios',
    title: 'Scenarios',
    columns: [
      { ...column('scenario', 'scenario', 'text'), wraps: true },
      column('month_calls', 'calls a month', 'count', 2),
      cost('month_cost_usd', 'a month'),
      cost('year_cost_usd', 'a year'),
      { ...cost('month_difference_usd', 'difference'), signed: true, better: 'less' },
      { ...column('cost_change', 'change', 'change'), better: 'less' },
      {
        ...column('break_even_volume', 'even at × volume', 'number', 1),
        ...(breaks ? {} : { dataOnly: true as const }),
      },
    ],
    rows: [
      scenarioRow(facts.base, today, today, null),
      ...scenarios.map(({ scenario, outcome, breakEven }) =>
        scenarioRow(scenario.name, outcome, today, breakEven),
      ),
    ],
    notes: notesOn(facts),
  }
}

function scenarioRow(name: string, outcome: Outcome, today: Outcome, even: Fraction | null): Row {
  const isToday = outcome === today
  const base = today.cost
  const difference = less(outcome.cost, base)
  return {
    scenario: name,
    month_calls: callsNumber(outcome.calls),
    month_cost_usd: usdText(outcome.cost),
    year_cost_usd: usdText(times(outcome.cost, whole(12))),
    month_difference_usd: isToday ? null : usdText(difference),
    cost_change: isToday || compare(base, whole(0)) === 0 ? null : ratioNumber(over(difference, base)),
    break_even_volume: even === null ? null : ratioNumber(even),
  }
}

/** Whole calls. */
const callsNumber = ({ n, d }: Fraction): number => Number((2n * n + d) / (2n * d))

/** What each lever does alone, and what is left of the scenario when it turns out half as strong. */
export function leversSection({ today, scenarios }: ScenariosFacts): Section {
  return {
    id: 'levers',
    title: 'Lever by lever: sensitivity',
    columns: [
      column('scenario', 'scenario', 'text', 3),
      { ...column('lever', 'lever', 'text'), wraps: true },
      column('touched_month_calls', 'calls a month', 'count', 1),
      { ...cost('alone_difference_usd', 'alone, a month'), signed: true, better: 'less' },
      cost('half_month_cost_usd', 'all, at half'),
      { ...column('half_cost_change', 'change', 'change', 2), better: 'less' },
    ],
    rows: scenarios.flatMap(({ scenario, effects }) =>
      effects.map(({ lever, alone, atHalf, touched }) => ({
        scenario: scenario.name,
        lever: lever.said,
        touched_month_calls: touched === null ? null : callsNumber(touched),
        alone_difference_usd: usdText(less(alone, today.cost)),
        half_month_cost_usd: usdText(atHalf),
        half_cost_change:
          compare(today.cost, whole(0)) === 0
            ? null
            : ratioNumber(over(less(atHalf, today.cost), today.cost)),
      })),
    ),
    notes: [
      'alone: this lever by itself, against today; all, at half: the whole scenario with this lever at half its strength',
    ],
  }
}

function notesOn(facts: ScenariosFacts): string[] {
  const { scenarios, prices, month, reportedCalls } = facts
  const levers = scenarios.flatMap(({ scenario }) => scenario.levers)
  const has = (...kinds: readonly string[]): boolean => levers.some(({ kind }) => kinds.includes(kind))
  const notes = [`a month is ${month}; a year is 12 of them`]
  notes.push(
    prices === 'call'
      ? 'prices: those in force when each call was made'
      : 'prices: those of today, for all calls',
  )
  if (has('move')) {
    notes.push(
      "a move takes tokens as logged, though another model's tokenizer counts the same text otherwise; llmcost estimate counts a prompt for each",
      "and takes answers to be as long, as good, and the provider's prompt cache as full: try it on a sample first",
    )
  }
  if (has('input-tokens', 'output-tokens')) notes.push('tokens change by the same share in every call')
  if (has('cache-hit'))
    notes.push('cache hits: those answered from the cache would cost what the others cost at the mean')
  if (has('new-users')) notes.push('new users use what those of today use at the mean, at their prices')
  if (reportedCalls > 0n && has('move', 'input-tokens', 'output-tokens'))
    notes.push(
      `${counted(reportedCalls, 'call')} of today ${reportedCalls === 1n ? 'counts' : 'count'} at what the log reported: where a lever changes one, it counts at list price`,
    )
  return [...notes, ...scenarios.flatMap((one) => evenNote(one))]
}

function evenNote({ scenario, breakEven, outcome }: ScenarioAnswer): string[] {
  if (compare(outcome.fixed, whole(0)) <= 0) return []
  const fixed = usd(usdText(outcome.fixed))
  return [
    breakEven === null
      ? `${scenario.name}: ${fixed} of fixed cost a month never pays, as the calls cost no less`
      : `${scenario.name}: ${fixed} of fixed cost a month pays from ${number(breakEvenText(breakEven))} times today's volume on`,
  ]
}

const breakEvenText = (even: Fraction): string => ratioNumber(even).toPrecision(3)

/** What a scenario leaves out, or as it is. */
export function scenarioWarnings({ scenarios }: SimulationAnswer): string[] {
  return scenarios.flatMap(({ scenario, unknown, unchanged, idle, unlogged }) => [
    ...unknown.map(
      ({ said, to, calls, usd: parts }) =>
        `${scenario.name}: ${counted(calls, 'call')} for ${usd(sumOf(parts) ?? '0')} of ${said} stay as they are: what they use has no known price on ${to}`,
    ),
    ...(unchanged > 0n
      ? [`${scenario.name}: ${counted(unchanged, 'call')} without a list price stay as they are`]
      : []),
    ...idle.map((lever) => `${scenario.name}: ${lever.said} touches no call of this window`),
    ...unlogged.map(
      (lever) =>
        `${scenario.name}: no call logs cache_hit, so today's hit rate is taken as 0 by ${lever.said}`,
    ),
  ])
}
