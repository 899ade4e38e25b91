/** Who went over what one user may use: asked by `llmcost caps` and by the report. */
import { readUserTiers } from '../config/user-tiers.js'
import type { CapRules } from '../domain/budgets/budget.js'
import { capLimits, capsSet, type CapLimits } from '../domain/budgets/cap-limits.js'
import type { UserTier } from '../domain/budgets/user-tier.js'
import type { Scope } from '../domain/scope.js'
import { dayOf, monthOf } from '../domain/time/calendar.js'
import { hourMs, instantOf, localAt } from '../domain/time/zones.js'
import { cappedCalls, usersOverCaps, type CappedCallsRow, type OverCapRow } from '../metrics/budgets/caps.js'
import { capsFindings, findingsOfCap } from '../reports/budgets/caps-findings.js'
import type { ReportPart } from '../reports/weekly/weekly.js'
import { ask, type Question } from './question.js'

export interface CapsAnswer {
  readonly limits: CapLimits
  readonly scope: Scope
  readonly rows: readonly OverCapRow[]
  readonly measured: CappedCallsRow
}

/** @param top how many of each unit are listed; the counts are of all */
export async function askCaps(
  question: Pick<Question, 'db' | 'scope'>,
  limits: CapLimits,
  top: number,
): Promise<CapsAnswer> {
  const { db, scope } = question
  const rows = await askOverCaps(question, limits, top)
  const [measured] = await ask(db, cappedCalls(scope))
  if (measured === undefined) throw new Error('no figures of the calls in scope')
  return { limits, scope, rows, measured }
}

function askOverCaps(
  { db, scope }: Pick<Question, 'db' | 'scope'>,
  limits: CapLimits,
  top: number,
): Promise<readonly OverCapRow[]> {
  return ask(db, usersOverCaps({ scope, readSince: bucketBeginning(scope, limits), limits, top }))
}

/**
 * The caps of each user by the config file: its tiers are read where caps need them.
 * @throws UserError (usage) for a file of tiers that is missing or wrong
 */
export function limitsOf(rules: CapRules, tiersFile: string | undefined): CapLimits {
  return capLimits(rules, tiersOf(rules, tiersFile))
}

/** Who is in which tier, where caps need to know. @throws UserError (usage) */
function tiersOf(rules: CapRules, tiersFile: string | undefined): readonly UserTier[] | undefined {
  const isNeeded = Object.keys(rules.tiers ?? {}).length > 0 && tiersFile !== undefined
  return isNeeded ? readUserTiers(tiersFile) : undefined
}

/** What the report says of caps: findings alone, of the window asked about. */
export async function capsPart(
  question: Pick<Question, 'db' | 'scope'>,
  limits: CapLimits,
): Promise<ReportPart> {
  if (capsSet(limits).length === 0) return { sections: [] }
  const rows = await askOverCaps(question, limits, findingsOfCap)
  return { sections: [], findings: capsFindings({ rows, limits, scope: question.scope }) }
}

/** Where the longest bucket of any cap begins that the window's beginning is in. */
export function bucketBeginning({ since, tz }: Scope, limits: CapLimits): string | null {
  if (since === null) return null
  const set = capsSet(limits)
  const instant = Date.parse(since)
  const local = localAt(instant, tz)
  const iso = (ms: number): string => new Date(Math.min(ms, instant)).toISOString()
  if (set.includes('monthly_usd')) return iso(instantOf(monthOf(local), tz))
  if (set.includes('daily_usd')) return iso(instantOf(dayOf(local), tz))
  // An hour that comes twice begins before its own second half, never after.
  if (set.includes('hourly_usd')) return iso(instant - (((local % hourMs) + hourMs) % hourMs))
  return since
}
