/** Who judges which kinds of rule. Every kind has exactly one judge; kinds of one judge share its statements. */
import { ruleKindNames, ruleKinds, type JudgeName, type RuleKindName } from '../../domain/rules/rule-kinds.js'
import { judgeBudgets } from './budgets.js'
import { judgeCaps } from './caps.js'
import { judgeGrowth } from './growth.js'
import { judgePriceAge } from './price-age.js'
import { judgeSilence } from './silence.js'
import { judgeSql } from './sql.js'
import { judgeUnusual } from './unusual.js'
import { judgeUsersBeyond } from './users-beyond.js'
import { judgeWindows } from './windows.js'
import type { Judge } from './judgement.js'

const judges: Readonly<Record<JudgeName | 'windows', Judge>> = {
  windows: judgeWindows,
  budgets: judgeBudgets,
  unusual: judgeUnusual,
  users: judgeUsersBeyond,
  caps: judgeCaps,
  growth: judgeGrowth,
  'price-age': judgePriceAge,
  silence: judgeSilence,
  // Last: calls in memory are sealed for it.
  sql: judgeSql,
}

/** A kind with a figure of a window says how that is worked out, others who judges them. */
const judgeOf = (kind: RuleKindName): string => {
  const { judgedBy } = ruleKinds[kind]
  return typeof judgedBy === 'string' ? judgedBy : 'windows'
}

export const ruleJudges = Object.entries(judges).map(([name, judge]) => ({
  kinds: ruleKindNames.filter((kind) => judgeOf(kind) === name),
  judge,
}))
