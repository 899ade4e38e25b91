/** no_data: hours without any call. */
import { dimensionOf } from '../domain/dimensions.js'
import type { Rule } from '../domain/rule.js'
import { ruleSilence } from '../metrics/rule-silence.js'
import type { Held } from '../rules/held.js'
import type { Judgement } from './judgement.js'
import { ask, type Question } from './question.js'

export async function judgeSilence(
  question: Question,
  rules: readonly Rule[],
  steps: number,
): Promise<Judgement> {
  const held: Held[] = []
  for (const rule of rules) {
    const { by, filters, bound, windowHours, minCalls, forHours } = rule
    const rows = await ask(
      question.db,
      ruleSilence({
        asOf: question.asOf,
        steps: steps + forHours,
        filters: [...question.scope.filters, ...filters],
        by: by === null ? null : dimensionOf(by),
        atLeastHours: Number(bound),
        windowHours: windowHours ?? 1,
        minCalls: minCalls ?? 1,
      }),
    )
    for (const row of rows) {
      held.push({
        rule,
        step: Number(row.step),
        dimension: by,
        value: row.value,
        measured: row.silent_hours,
        bound: Number(bound),
        details: { last_call: row.last_ts, calls: Number(row.calls) },
      })
    }
  }
  return { held }
}
