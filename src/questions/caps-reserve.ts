/** What a guard that reserves would have refused of the logged calls. */
import type { Database } from '../db/database.js'
import { defaultGuard } from '../domain/budgets/guard-defaults.js'
import { ReserveReplay } from '../domain/budgets/reserve-replay.js'
import type { CapName } from '../domain/budgets/user-caps.js'
import { capsReserve, type CapsReplayRow } from '../metrics/budgets/caps-replay.js'
import type { ReplayRequest } from '../metrics/budgets/replayed-calls.js'
import {
  hotCalls,
  unknownBeforehand,
  type Decided,
  type HotCallRow,
  type ReserveRequest,
} from '../metrics/budgets/reserved-calls.js'
import { pricedQuery } from '../pricing/price-sql.js'
import { ask } from './question.js'

/** What a guard does by its config. */
export interface Reserving {
  /** What a call reserves that names no output limit. */
  readonly outputTokens: number
  /** How long a reservation holds that nobody settles, ms. */
  readonly lastsMs: number
}

/** By `guard` of the config file. */
export const reservingBy = (guard: {
  readonly output_tokens?: number
  readonly reservation?: number
}): Reserving => ({
  outputTokens: guard.output_tokens ?? defaultGuard.output_tokens,
  lastsMs: guard.reservation ?? defaultGuard.reservation,
})

/** @param top how many users and refused calls are answered */
export async function askCapsReserve(
  db: Database,
  request: ReplayRequest & { readonly top: number },
  { outputTokens, lastsMs }: Reserving,
): Promise<readonly CapsReplayRow[]> {
  const reserve: ReserveRequest & { readonly top: number } = {
    ...request,
    outputTokens,
    priced: (calls) =>
      pricedQuery({
        calls,
        rates: 'rates',
        keep: 'c.source, c.call_id',
        basis: 'list-first',
        absent: unknownBeforehand,
      }),
  }
  return ask(db, capsReserve(reserve, refusedOf(await ask(db, hotCalls(reserve)), lastsMs)))
}

/** @param rows in the order of users, and of each in that of his calls */
function refusedOf(rows: readonly HotCallRow[], lastsMs: number): readonly Decided[] {
  const decided: Decided[] = []
  let user: HotCallRow['user_number'] | undefined
  let replay = new ReserveReplay<CapName>(lastsMs)
  for (const { user_number, place, began, ended, cost, most, spans } of rows) {
    if (user_number !== user) replay = new ReserveReplay<CapName>(lastsMs)
    user = user_number
    const refused_by = replay.refusedBy({
      began: Number(began) / 1000,
      ended: Number(ended) / 1000,
      cost,
      most,
      spans: spans.map(({ cap, number, limit }) => ({ cap, number: String(number), limit })),
    })
    if (refused_by !== undefined)
      decided.push({ user_number: Number(user_number), place: Number(place), refused_by })
  }
  return decided
}
