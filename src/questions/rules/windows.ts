/** Rules about a figure of a window of hours: one statement for all that look at the same calls. */
import { lowestDailyBudget } from '../../anomalies/budget.js'
import { picos, shortUsdOf } from '../../domain/costs/amount.js'
import { readDecimal } from '../../domain/costs/decimal.js'
import { dimensionOf } from '../../domain/dimensions.js'
import type { Rule } from '../../domain/rules/rule.js'
import { ruleKinds } from '../../domain/rules/rule-kinds.js'
import { ruleWindows, type RuleWindowRow, type WindowTest } from '../../metrics/rules/rule-windows.js'
import type { WindowFigure } from '../../metrics/rules/rule-figures.js'
import type { Held } from '../../rules/held.js'
import { messageOf, type FailedRule, type IdleRule, type Judgement } from './judgement.js'
import { ask, type Question } from '../question.js'

const figureOf: Readonly<Partial<Record<Rule['kind'], WindowFigure>>> = {
  cost: 'cost',
  cost_spike: 'cost_ratio',
  call_cost: 'call_cost',
  user_share: 'cost',
  error_rate: 'error_rate',
  truncation_rate: 'truncation_rate',
  p95_latency: 'p95_latency',
  p99_latency: 'p99_latency',
  cache_hit_rate: 'cache_hit_rate',
  unpriced_share: 'unpriced_share',
  p95_input_over_mean: 'p95_input_over_mean',
}

interface Prepared {
  readonly rule: Rule
  readonly test: WindowTest
  /** user_share: USD a day. */
  readonly dailyUsd: string | null
}

export async function judgeWindows(
  question: Question,
  rules: readonly Rule[],
  steps: number,
): Promise<Judgement> {
  const idle: IdleRule[] = []
  const groups = new Map<string, Prepared[]>()
  for (const rule of rules) {
    const dailyUsd = rule.kind === 'user_share' ? dayBudget(rule, question) : null
    if (rule.kind === 'user_share' && dailyUsd === null) {
      idle.push({ rule, reason: 'no budget covers all calls; set one, or daily_usd of the rule' })
      continue
    }
    const key = JSON.stringify([rule.filters, rule.by])
    groups.set(key, [...(groups.get(key) ?? []), { rule, dailyUsd, test: testOf(rule, dailyUsd) }])
  }
  const held: Held[] = []
  const failed: FailedRule[] = []
  for (const group of groups.values()) {
    try {
      held.push(...(await judgeGroup(question, group, steps)))
    } catch (error) {
      failed.push(...group.map(({ rule }) => ({ rule, message: messageOf(error) })))
    }
  }
  return { held, failed, idle }
}

async function judgeGroup(
  question: Question,
  group: readonly Prepared[],
  steps: number,
): Promise<readonly Held[]> {
  const [first] = group
  if (first === undefined) return []
  const { by, filters } = first.rule
  const rows = await ask(
    question.db,
    ruleWindows({
      asOf: question.asOf,
      steps: steps + Math.max(...group.map(({ rule }) => rule.forHours)),
      filters: [...question.scope.filters, ...filters],
      by: by === null ? null : dimensionOf(by),
      tests: group.map(({ test }) => test),
    }),
  )
  return rows.flatMap((row) => {
    const prepared = group[row.test]
    // Calls that name no user are nobody's share.
    if (prepared === undefined || (prepared.rule.kind === 'user_share' && row.value === null)) return []
    return [heldOf(row, prepared)]
  })
}

function testOf(rule: Rule, dailyUsd: string | null): WindowTest {
  const figure = figureOf[rule.kind]
  const { bound } = ruleKinds[rule.kind]
  if (figure === undefined || bound === null || rule.bound === null || rule.windowHours === null)
    throw new Error(`${rule.kind} is no figure of a window`)
  return {
    figure,
    when: bound.when,
    bound: dailyUsd === null ? rule.bound : shareOf(rule.bound, dailyUsd),
    windowHours: rule.windowHours,
    minCalls: rule.minCalls ?? 0,
    minUsd: rule.minUsd ?? '0',
    againstHours: rule.againstHours,
  }
}

function heldOf(row: RuleWindowRow, { rule, dailyUsd }: Prepared): Held {
  const isMoney = ruleKinds[rule.kind].unit === 'usd'
  const measured = isMoney ? row.measured : Number(row.measured)
  return {
    rule,
    step: Number(row.step),
    dimension: rule.by,
    value: row.value,
    measured: dailyUsd === null ? measured : Number(row.measured) / Number(dailyUsd),
    bound: isMoney ? rule.bound : Number(rule.bound),
    details: {
      calls: Number(row.calls),
      cost_usd: row.cost_usd,
      ...(rule.kind === 'cost_spike' ? { cost_before_usd: row.cost_before_usd } : {}),
      ...(dailyUsd === null ? {} : { daily_usd: dailyUsd }),
    },
  }
}

/** USD a day, exact; null without a budget of all calls. */
function dayBudget(rule: Rule, { settings }: Question): string | null {
  if (rule.dailyUsd !== null) return rule.dailyUsd
  const least = lowestDailyBudget(settings.config.budgets)
  return least === null ? null : least.toFixed(12)
}

/** A share of an amount, exactly, to the twelfth place. */
function shareOf(share: string, usd: string): string {
  const decimal = readDecimal(share)
  if (decimal === undefined) throw new Error(`${share} is no decimal`)
  return shortUsdOf((picos(usd) * decimal.digits) / 10n ** BigInt(decimal.places))
}
