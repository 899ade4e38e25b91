/** price_age: calls that are later than the price data. */
import { dimensionOf } from '../../domain/dimensions.js'
import { daysLate, lateFrom } from '../../domain/costs/price-age.js'
import { rulePriceAge } from '../../metrics/rules/rule-price-age.js'
import type { Rule } from '../../domain/rules/rule.js'
import type { Held } from '../../rules/held.js'
import { oneByOne, type Judge } from './judgement.js'
import { ask, type Question } from '../question.js'

const judgeDated = oneByOne(judgeRule)

export const judgePriceAge: Judge = async (question, rules, steps, isDryRun) => {
  if (question.history.price_date !== null) return judgeDated(question, rules, steps, isDryRun)
  const reason = 'the date of the price data is not known; llmcost reprice notes it'
  return { held: [], idle: rules.map((rule) => ({ rule, reason })) }
}

async function judgeRule(
  { db, asOf, scope, history }: Question,
  rule: Rule,
  steps: number,
): Promise<readonly Held[]> {
  const { by, filters, bound, minCalls } = rule
  const date = history.price_date ?? ''
  const rows = await ask(
    db,
    rulePriceAge({
      asOf,
      steps,
      filters: [...scope.filters, ...filters],
      by: by === null ? null : dimensionOf(by),
      lateFrom: lateFrom(date, Number(bound)),
      minCalls: minCalls ?? 1,
    }),
  )
  return rows.map((row) => ({
    rule,
    step: Number(row.step),
    dimension: by,
    value: row.value,
    measured: daysLate(date, row.last_ts),
    bound: Number(bound),
    details: { calls: Number(row.calls), price_date: date },
  }))
}
