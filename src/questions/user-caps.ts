/** Who went over what one user may use: asked by `llmcost caps` and by the report. */
import type { UserCaps } from '../domain/budgets/budget.js'
import type { Scope } from '../domain/scope.js'
import { dayOf, monthOf } from '../domain/time/calendar.js'
import { hourMs, instantOf, localAt } from '../domain/time/zones.js'
import { cappedCalls, usersOverCaps, type CappedCallsRow, type OverCapRow } from '../metrics/budgets/caps.js'
import { capsFindings, findingsOfCap } from '../reports/budgets/caps-findings.js'
import type { ReportPart } from '../reports/weekly/weekly.js'
import { ask, type Question } from './question.js'

export interface CapsAnswer {
  readonly caps: UserCaps
  readonly scope: Scope
  readonly rows: readonly OverCapRow[]
  readonly measured: CappedCallsRow
}

/** @param top how many of each unit are listed; the counts are of all */
export async function askCaps(
  question: Pick<Question, 'db' | 'scope'>,
  caps: UserCaps,
  top: number,
): Promise<CapsAnswer> {
  const { db, scope } = question
  const rows = await askOverCaps(question, caps, top)
  const [measured] = await ask(db, cappedCalls(scope))
  if (measured === undefined) throw new Error('no figures of the calls in scope')
  return { caps, scope, rows, measured }
}

function askOverCaps(
  { db, scope }: Pick<Question, 'db' | 'scope'>,
  caps: UserCaps,
  top: number,
): Promise<readonly OverCapRow[]> {
  return ask(db, usersOverCaps({ scope, readSince: bucketBeginning(scope, caps), caps, top }))
}

/** What the report says of caps: findings alone, of the window asked about. */
export async function capsPart(
  question: Pick<Question, 'db' | 'scope'>,
  caps: UserCaps,
): Promise<ReportPart> {
  if (Object.keys(caps).length === 0) return { sections: [] }
  const rows = await askOverCaps(question, caps, findingsOfCap)
  return { sections: [], findings: capsFindings({ rows, scope: question.scope }) }
}

/** Where the longest bucket of any cap begins that the window's beginning is in. */
export function bucketBeginning({ since, tz }: Scope, caps: UserCaps): string | null {
  if (since === null) return null
  const instant = Date.parse(since)
  const local = localAt(instant, tz)
  const iso = (ms: number): string => new Date(Math.min(ms, instant)).toISOString()
  if (caps.monthly_usd !== undefined) return iso(instantOf(monthOf(local), tz))
  if (caps.daily_usd !== undefined) return iso(instantOf(dayOf(local), tz))
  // An hour that comes twice begins before its own second half, never after.
  if (caps.hourly_usd !== undefined) return iso(instant - (((local % hourMs) + hourMs) % hourMs))
  return since
}
