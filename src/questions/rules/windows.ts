/** Rules about a figure of a window of hours: one statement for all that look at the same calls. */
import { lowestDailyBudget } from '../../anomalies/budget.js'
import { picos, shareOf, shortUsdOf } from '../../domain/costs/amount.js'
import { readDecimal } from '../../domain/costs/decimal.js'
import { dimensionOf } from '../../domain/dimensions.js'
import type { Rule } from '../../domain/rules/rule.js'
import { ruleKinds } from '../../domain/rules/rule-kinds.js'
import { ruleWindows, type RuleWindowRow, type WindowTest } from '../../metrics/rules/rule-windows.js'
import type { Held } from '../../rules/held.js'
import { messageOf, type FailedRule, type IdleRule, type Judgement } from './judgement.js'
import { ask, type Question } from '../question.js'

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
      for (const one of await judgeGroup(question, group, steps)) held.push(one)
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
  const { bound } = ruleKinds[rule.kind]
  if (bound === null || rule.bound === null || rule.windowHours === null)
    throw new Error(`${rule.kind} has no bound or no window`)
  return {
    kind: rule.kind,
    when: bound.when,
    bound: dailyUsd === null ? rule.bound : shareOfUsd(rule.bound, dailyUsd),
    windowHours: rule.windowHours,
    minCalls: rule.minCalls ?? 0,
    minUsd: rule.minUsd ?? '0',
    againstHours: rule.againstHours,
  }
}

function heldOf(row: RuleWindowRow, { rule, dailyUsd }: Prepared): Held {
  const { unit, details } = ruleKinds[rule.kind]
  const isMoney = unit === 'usd'
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
      ...('cost_before_usd' in details ? { cost_before_usd: row.cost_before_usd } : {}),
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
function shareOfUsd(share: string, usd: string): string {
  const decimal = readDecimal(share)
  if (decimal === undefined) throw new Error(`${share} is no decimal`)
  return shortUsdOf(shareOf(decimal, picos(usd)))
}
