/** Levels for caps, from what users use and what they pay, each tried on the logged calls. */
import type { CapRules } from '../domain/budgets/budget.js'
import type { CapSet } from '../domain/budgets/cap-sets.js'
import { bothCaps, capsFromRevenue, capsFromUse, shareWords } from '../domain/budgets/suggested-caps.js'
import type { UserTier } from '../domain/budgets/user-tier.js'
import type { Decimal } from '../domain/costs/decimal.js'
import { dayMs } from '../domain/time/zones.js'
import { capLevels, type CapLevelRow } from '../metrics/budgets/caps-levels.js'
import { askCapsReplay, type CapsReplayAnswer } from './caps-replay.js'
import { ask, type Question } from './question.js'

export interface CapsSuggestAnswer extends CapsReplayAnswer {
  readonly levels: readonly CapLevelRow[]
  /** With the caps that are set now, where there are any, as the first. */
  readonly suggested: readonly CapSet[]
  /** The one for the config file; undefined where nothing can be suggested. */
  readonly chosen: CapSet | undefined
  readonly windowDays: number
}

interface SuggestRequest {
  readonly tiers: readonly UserTier[] | undefined
  /** Of monthly revenue. */
  readonly share: Decimal
  /** Caps that are set now. */
  readonly now: CapRules
}

export async function askCapsSuggest(
  question: Pick<Question, 'db' | 'scope' | 'asOf'>,
  { tiers, share, now }: SuggestRequest,
): Promise<CapsSuggestAnswer> {
  const { db, scope, asOf } = question
  const levels = await ask(db, capLevels(scope, tiers ?? []))
  const ends = [
    Date.parse(scope.since ?? asOf.toISOString()),
    Date.parse(scope.until ?? asOf.toISOString()),
  ] as const
  const windowDays = (ends[1] - ends[0]) / dayMs
  const use = { name: 'p99', rules: capsFromUse(levels, windowDays) }
  const revenue = { name: `${shareWords(share)} of revenue`, rules: capsFromRevenue(tiers ?? [], share) }
  const made = [use, revenue].filter(({ rules }) => Object.keys(rules).length > 0)
  const both =
    made.length < 2 ? [] : [{ name: `p99, month ${revenue.name}`, rules: bothCaps(use.rules, revenue.rules) }]
  const suggested = [
    ...(Object.keys(now).length > 0 ? [{ name: 'caps now', rules: now }] : []),
    ...made,
    ...both,
  ]
  const replay = await askCapsReplay(question, suggested, { tiers, top: 1 })
  return { ...replay, levels, suggested, chosen: both[0] ?? made[0], windowDays }
}
