/** Plans: what their usage is worth, what they cost, and what another would have cost: `llmcost plans`. */
import { picos, usdOf, type Picos } from '../../domain/costs/amount.js'
import { quotient, type Plan, type PlanTerms } from '../../domain/budgets/plan.js'
import type { PlanState, Unjudged } from '../../domain/budgets/plan-state.js'
import type { Scope } from '../../domain/scope.js'
import { counted, plural } from '../../domain/words/plurals.js'
import { usd } from '../../domain/words/wording.js'
import { column } from '../columns.js'
import { emptyText, footerOf, warningsOf, type Doubts } from '../notes.js'
import type { Cell, Column, Report, Row, Section } from '../report.js'

interface Answer {
  readonly scope: Scope
  readonly states: readonly PlanState[]
  /** Calls that two plans cover, and that count for the first. */
  readonly shared: readonly { readonly first: string; readonly other: string; readonly calls: number }[]
  readonly unmatched: readonly Plan[]
  readonly doubts: Doubts
}

export function plansReport({ scope, states, shared, unmatched, doubts }: Answer): Report {
  const nothing = doubts.history.last_ts === null
  const section = plansSection(states)
  const { id, title, columns } = section
  return {
    kind: 'plans',
    title: 'Plans',
    period: { since: scope.since, until: scope.until, tz: scope.tz },
    sections: nothing
      ? [{ id, title, columns, rows: [], empty: emptyText(doubts) }, optionsSection([])]
      : [section, optionsSection(states)],
    warnings: [
      // That agents are told at list prices is what this answer is about.
      ...warningsOf({ ...doubts, agents: undefined }),
      ...shared.map(
        ({ first, other, calls }) =>
          `${counted(calls, 'call is', 'calls are')} covered by ${first} and ${other}, and ${plural(calls, 'counts', 'count')} for ${first}`,
      ),
      ...(unmatched.length === 0 || nothing
        ? []
        : [`no call is covered by ${unmatched.map(({ name }) => name).join(', ')}: check the filters`]),
    ],
    footer: footerOf(doubts.history),
  }
}

/** The months of each plan. */
export function plansSection(states: readonly PlanState[]): Section {
  return {
    id: 'plans',
    title: 'Plans',
    columns: columnsFor(states),
    rows: states.map(rowOf),
    notes: notesOn(states),
  }
}

function columnsFor(states: readonly PlanState[]): Column[] {
  const shownIf = (isShown: boolean, one: Column): Column => (isShown ? one : { ...one, dataOnly: true })
  const ofCredits = states.some(({ plan }) => creditsOf(plan) !== null)
  return [
    { ...column('plan', 'plan', 'text'), dimension: true },
    { ...column('month', 'month', 'text'), dimension: true },
    { ...column('since', 'since', 'time'), dataOnly: true },
    { ...column('until', 'until', 'time'), dataOnly: true },
    column('calls', 'calls', 'count', 5),
    shownIf(
      states.some(({ unpriced }) => unpriced > 0),
      column('unpriced_calls', 'unpriced', 'count', 3),
    ),
    { ...column('partly_priced_calls', 'priced in part', 'count'), dataOnly: true },
    column('value_usd', 'value, not billed', 'usd'),
    column('fee_usd', 'fee', 'usd'),
    column('covered_usd', 'value covered, not billed', 'usd', 4),
    column('beyond_usd', 'value beyond, not billed', 'usd', 6),
    shownIf(ofCredits, column('value_credits', 'value in credits', 'number', 7)),
    shownIf(ofCredits, column('included_credits', 'credits included', 'number', 8)),
    { ...column('credit_usd', 'value of a credit', 'usd'), dataOnly: true },
    column('billed_beyond_usd', 'would be billed beyond', 'usd'),
    { ...column('plan_cost_usd', 'fee and beyond', 'usd'), dataOnly: true },
    column('value_per_fee_usd', 'value per $ of fee', 'number', 2),
    column('cheapest', 'cheapest', 'text'),
    column('cheapest_cost_usd', 'for', 'usd', 1),
    { ...column('not_judged', 'not judged', 'text'), wraps: true },
  ]
}

function rowOf(state: PlanState): Row {
  const { plan, month, told, value, cost } = state
  const credits = creditsOf(plan)
  const cheapest = cheapestOf(state)
  return {
    plan: plan.name,
    month: month.label,
    since: told.since,
    until: told.until,
    calls: state.calls,
    unpriced_calls: state.unpriced,
    partly_priced_calls: state.partlyPriced,
    value_usd: usdOrNull(value),
    fee_usd: usdOf(picos(plan.fee)),
    covered_usd: usdOrNull(cost?.covered),
    beyond_usd: usdOrNull(cost?.beyond),
    value_credits: credits === null || value === null ? null : quotient(value, picos(credits.creditUsd)),
    included_credits: credits?.credits ?? null,
    credit_usd: credits === null ? null : usdOf(picos(credits.creditUsd)),
    billed_beyond_usd: usdOrNull(cost?.billedBeyond),
    plan_cost_usd: usdOrNull(cost?.cost),
    value_per_fee_usd: value === null ? null : quotient(value, picos(plan.fee)),
    cheapest: cheapest?.name ?? null,
    cheapest_cost_usd: usdOrNull(cheapest?.cost),
    not_judged: state.unjudged.length === 0 ? null : state.unjudged.map(unjudgedWords).join('; '),
  }
}

const usdOrNull = (amount: Picos | null | undefined): string | null =>
  amount === null || amount === undefined ? null : usdOf(amount)

function creditsOf({ included }: PlanTerms): { readonly credits: number; readonly creditUsd: string } | null {
  return included !== undefined && 'credits' in included ? included : null
}

/** Of the plan and its options; of equal ones the plan itself, then the first. */
function cheapestOf({
  plan,
  cost,
  options,
  unjudged,
}: PlanState): { readonly name: string; readonly cost: Picos } | null {
  if (unjudged.length > 0 || cost === null || cost.cost === null) return null
  return options.reduce(
    (best, { terms, cost: { cost: other } }) =>
      other !== null && other < best.cost ? { name: terms.name, cost: other } : best,
    { name: plan.name, cost: cost.cost },
  )
}

function unjudgedWords(reason: Unjudged): string {
  switch (reason.kind) {
    case 'running':
      return 'still running'
    case 'log_begins':
      return `the log begins on ${reason.day}`
    case 'log_ends':
      return `the log ends on ${reason.day}`
    case 'plan_begins':
      return `the plan begins on ${reason.day}`
    case 'plan_ends':
      return `the plan ends after ${reason.day}`
    case 'no_calls':
      return 'the log has no calls of it'
    case 'unpriced':
      return `${counted(reason.calls, 'call')} without a list price`
    case 'partly_priced':
      return `${counted(reason.calls, 'call')} priced in part`
    case 'beyond':
      return 'more than the plan serves'
  }
}

/** What each of the judged months would have cost under each option. */
function optionsSection(states: readonly PlanState[]): Section {
  const judged = states.filter(({ unjudged, cost }) => unjudged.length === 0 && cost !== null)
  return {
    id: 'alternatives',
    title: 'The same usage by other plans',
    beside: true,
    columns: [
      { ...column('plan', 'plan', 'text'), dimension: true },
      { ...column('month', 'month', 'text'), dimension: true },
      { ...column('alternative', 'instead', 'text'), dimension: true },
      column('size', 'fee is', 'text', 2),
      column('fee_usd', 'fee', 'usd', 3),
      column('billed_beyond_usd', 'would be billed beyond', 'usd', 1),
      column('cost_usd', 'would cost', 'usd'),
      { ...column('difference_usd', 'against the plan', 'usd'), signed: true },
      column('status', 'so it', 'text'),
    ],
    rows: judged.flatMap((state) => state.options.map((option) => optionRow(state, option))),
    ...(judged.length === 0
      ? { empty: 'no month is whole and priced, so no other plan is held against it' }
      : {}),
  }
}

function optionRow(
  { plan, month, cost }: PlanState,
  { terms, cost: other }: PlanState['options'][number],
): Row {
  const own = cost?.cost ?? null
  const difference = own === null || other.cost === null ? null : other.cost - own
  return {
    plan: plan.name,
    month: month.label,
    alternative: terms.name,
    size: sizeOf(picos(terms.fee) - picos(plan.fee)),
    fee_usd: usdOf(picos(terms.fee)),
    billed_beyond_usd: usdOf(other.billedBeyond),
    cost_usd: usdOrNull(other.cost),
    difference_usd: usdOrNull(difference),
    status: statusOf(difference),
  }
}

const sizeOf = (more: Picos): string => (more > 0n ? 'larger' : more < 0n ? 'smaller' : 'the same')

function statusOf(difference: Picos | null): Cell {
  if (difference === null) return 'serves too little'
  return difference < 0n ? 'is cheaper' : difference > 0n ? 'is dearer' : 'costs the same'
}

function notesOn(states: readonly PlanState[]): string[] {
  const plans = [...new Set(states.map(({ plan }) => plan))]
  return [
    'value: what the usage costs at list price; nobody was billed for it. Fee, included amount and overage are those of the config file',
    ...plans.flatMap((plan) => {
      const credits = creditsOf(plan)
      return credits === null
        ? []
        : [
            `${plan.name}: credits are its value at ${usd(credits.creditUsd)} each, as the config file states; the vendor may count otherwise`,
          ]
    }),
    ...(states.some(({ unjudged }) => unjudged.some(({ kind }) => kind.startsWith('plan_')))
      ? ['a plan that begins or ends within a month is counted with the whole fee']
      : []),
    ...(states.some(({ unjudged }) => unjudged.length > 0)
      ? ['months that are not whole, or not priced as a whole, are held against no other plan']
      : []),
  ]
}

/** What stands in the place of an answer when the config file has no plan. */
export function noPlansReport(tz: string): Report {
  return {
    kind: 'plans',
    title: 'Plans',
    period: { since: null, until: null, tz },
    sections: [
      {
        id: 'plans',
        title: 'Plans',
        columns: columnsFor([]),
        rows: [],
        empty: 'No plan is set.',
        notes: [
          'in llmcost.config.json: "plans": [{ "name": "Max", "fee": 100, "source": "claude-code" }]',
          'llmcost init writes a config file with every key of a plan explained',
        ],
      },
      optionsSection([]),
    ],
    warnings: [],
  }
}
