/** Who went over what one user may use: asked by `llmcost caps` and by the report. */
import { localAt, monthOf, dayOf, hourMs, instantOf } from '../domain/zones.js'
import type { UserCaps } from '../domain/budget.js'
import { cappedCalls, usersOverCaps, type CappedCallsRow, type OverCapRow } from '../metrics/caps.js'
import type { Scope } from '../domain/scope.js'
import { ask, type Question } from './question.js'

export interface CapsAnswer {
  readonly caps: UserCaps
  readonly scope: Scope
  readonly rows: readonly OverCapRow[]
  readonly measured: CappedCallsRow
}

/** @param top how many of each unit are listed; the counts are of all */
export async function askCaps(
  { db, scope }: Pick<Question, 'db' | 'scope'>,
  caps: UserCaps,
  top: number,
): Promise<CapsAnswer> {
  const rows = await ask(db, usersOverCaps({ scope, readSince: bucketBeginning(scope, caps), caps, top }))
  const [measured] = await ask(db, cappedCalls(scope))
  if (measured === undefined) throw new Error('no figures of the calls in scope')
  return { caps, scope, rows, measured }
}

/** Where the longest bucket of any cap begins that the window's beginning is in. */
function bucketBeginning({ since, tz }: Scope, caps: UserCaps): string | null {
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
