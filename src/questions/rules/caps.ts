/** user_caps: users over what one user may use. */
import type { Rule } from '../../domain/rules/rule.js'
import { capWords } from '../../domain/budgets/user-caps.js'
import { count, usd } from '../../domain/words/wording.js'
import { hourMs } from '../../domain/time/zones.js'
import { ruleCaps } from '../../metrics/rules/rule-caps.js'
import type { Held } from '../../rules/held.js'
import type { Judgement } from './judgement.js'
import { ask, type Question } from '../question.js'
import { bucketBeginning } from '../user-caps.js'

export async function judgeCaps(
  question: Question,
  rules: readonly Rule[],
  steps: number,
): Promise<Judgement> {
  const caps = question.settings.config.userCaps
  if (Object.keys(caps).length === 0)
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
      since: bucketBeginning({ ...scope, since }, caps),
      until: asOf.toISOString(),
    }
    const rows = await ask(question.db, ruleCaps({ scope: read, asOf, steps: judged, windowHours, caps }))
    for (const { cap, user_id, step, used } of rows) {
      const inWords = (value: string | number): string =>
        cap === 'request_tokens' ? `${count(value)} tokens` : usd(value)
      const limit = caps[cap] ?? 0
      held.push({
        rule,
        part: cap,
        step: Number(step),
        dimension: 'user_id',
        value: user_id,
        measured: cap === 'request_tokens' ? Number(used) : used,
        bound: limit,
        details: { cap: capWords[cap], used: inWords(used), limit: inWords(limit), cap_key: cap },
      })
    }
  }
  return { held }
}
