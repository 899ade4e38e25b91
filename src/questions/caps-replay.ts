/** What sets of caps would have refused of the logged calls. */
import type { CapSet } from '../domain/budgets/cap-sets.js'
import { capLimits, type CapLimits } from '../domain/budgets/cap-limits.js'
import type { UserTier } from '../domain/budgets/user-tier.js'
import type { Scope } from '../domain/scope.js'
import { cappedCalls, type CappedCallsRow } from '../metrics/budgets/caps.js'
import { capsReplay, type CapsReplayRow } from '../metrics/budgets/caps-replay.js'
import { ask, type Question } from './question.js'
import { askCapsReserve, type Reserving } from './caps-reserve.js'
import { bucketBeginning } from './user-caps.js'

/** A set of caps with what it would have done. */
export interface Replayed {
  readonly name: string
  readonly limits: CapLimits
  readonly rows: readonly CapsReplayRow[]
}

export interface CapsReplayAnswer {
  readonly scope: Scope
  readonly sets: readonly Replayed[]
  readonly measured: CappedCallsRow
  readonly reserving?: Reserving | undefined
}

export interface ReplayOptions {
  readonly tiers: readonly UserTier[] | undefined
  /** How many users and refused calls of each set are answered. */
  readonly top: number
  /** As a guard does it that reserves; absent: as a limiter that looks at what was spent. */
  readonly reserving?: Reserving | undefined
}

/**
 * @throws UserError (usage) where caps are by tier and no tiers are known
 */
export async function askCapsReplay(
  { db, scope }: Pick<Question, 'db' | 'scope'>,
  sets: readonly CapSet[],
  { tiers, top, reserving }: ReplayOptions,
): Promise<CapsReplayAnswer> {
  const replayed: Replayed[] = []
  for (const { name, rules } of sets) {
    const limits = capLimits(rules, tiers)
    const readSince = bucketBeginning(scope, limits)
    const request = { scope, readSince, limits, top }
    const rows =
      reserving === undefined
        ? await ask(db, capsReplay(request))
        : await askCapsReserve(db, request, reserving)
    replayed.push({ name, limits, rows })
  }
  const [measured] = await ask(db, cappedCalls(scope))
  if (measured === undefined) throw new Error('no figures of the calls in scope')
  return { scope, sets: replayed, measured, reserving }
}
