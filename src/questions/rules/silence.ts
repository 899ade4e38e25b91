/** no_data: hours without any call. */
import { dimensionOf } from '../../domain/dimensions.js'
import type { Rule } from '../../domain/rules/rule.js'
import { ruleSilence } from '../../metrics/rules/rule-silence.js'
import type { Held } from '../../rules/held.js'
import { oneByOne } from './judgement.js'
import { ask, type Question } from '../question.js'

export const judgeSilence = oneByOne(judgeRule)

async function judgeRule({ db, asOf, scope }: Question, rule: Rule, steps: number): Promise<readonly Held[]> {
  const { by, filters, bound, windowHours, minCalls } = rule
  const rows = await ask(
    db,
    ruleSilence({
      asOf,
      steps,
      filters: [...scope.filters, ...filters],
      by: by === null ? null : dimensionOf(by),
      atLeastHours: Number(bound),
      windowHours: windowHours ?? 1,
      minCalls: minCalls ?? 1,
    }),
  )
  return rows.map((row) => ({
    rule,
    step: Number(row.step),
    dimension: by,
    value: row.value,
    measured: row.silent_hours,
    bound: Number(bound),
    details: { last_call: row.last_ts, calls: Number(row.calls) },
  }))
}
