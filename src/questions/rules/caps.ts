/** user_caps: users over what one user may use. */
import type { Rule } from '../../domain/rules/rule.js'
import { capsSet } from '../../domain/budgets/cap-limits.js'
import { capAmount, capWords, isTokens } from '../../domain/budgets/user-caps.js'
import { hourMs } from '../../domain/time/zones.js'
import { ruleCaps } from '../../metrics/rules/rule-caps.js'
import { picos, shortUsdOf } from '../../domain/costs/amount.js'
import type { Held } from '../../rules/held.js'
import type { Judgement } from './judgement.js'
import { ask, type Question } from '../question.js'
import { bucketBeginning, limitsOf } from '../user-caps.js'

export async function judgeCaps(
  question: Question,
  rules: readonly Rule[],
  steps: number,
): Promise<Judgement> {
  const { userCaps, userTiers } = question.settings.config
  const limits = limitsOf(userCaps, userTiers)
  if (capsSet(limits).length === 0)
    return { held: [], idle: rules.map((rule) => ({ rule, reason: 'no cap is set under user_caps' })) }
  const held: Held[] = []
  for (const rule of rules) {
    const { asOf, scope } = question
    const windowHours = rule.windowHours ?? 1
    const judged = steps + rule.forHours
    const since = new Date(asOf.getTime() - (judged - 1 + windowHours) * hourMs).toISOString()
    const filters = [...scope.filters, ...rule.filters]
    const read = {
      ...scope,
      filters,
      since: bucketBeginning({ ...scope, since }, limits),
      until: asOf.toISOString(),
    }
    const rows = await ask(question.db, ruleCaps({ scope: read, asOf, steps: judged, windowHours, limits }))
    for (const { cap, user_id, step, used, limit_value } of rows) {
      held.push({
        rule,
        part: cap,
        step: Number(step),
        dimension: 'user_id',
        value: user_id,
        measured: isTokens(cap) ? Number(used) : used,
        bound: isTokens(cap) ? Number(limit_value) : shortUsdOf(picos(limit_value)),
        details: {
          cap: capWords[cap],
          used: capAmount(cap, used),
          limit: capAmount(cap, limit_value),
          cap_key: cap,
        },
      })
    }
  }
  return { held }
}
