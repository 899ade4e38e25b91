/** `user_caps` of the config file: what one user may use, of all, of a tier and of one. */
import type { CapRules } from '../domain/budgets/budget.js'
import { noCap } from '../domain/budgets/user-caps.js'
import { wholeNumber } from './bound-shapes.js'
import { group, named, type Key, type Shape } from './shapes.js'

/** @param amount USD above 0 */
export function userCapsShape(amount: Shape<string>) {
  const tokens = wholeNumber(1e12)
  const orNone = <T>(of: Shape<T>): Shape<T | null> => ({
    words: `${of.words}, or ${noCap}`,
    schema: { anyOf: [of.schema, { enum: [noCap] }] },
    read: (tree, place) => (tree.kind === 'text' && tree.text === noCap ? null : of.read(tree, place)),
  })
  const keysOf = <N, U>(count: Shape<N>, usd: Shape<U>) => ({
    request_tokens: { about: 'Input and output tokens of one call.', shape: count, example: 100_000 },
    request_input_tokens: { about: 'Input tokens of one call.', shape: count, example: 90_000 },
    request_output_tokens: { about: 'Output tokens of one call.', shape: count, example: 16_000 },
    request_usd: { about: 'Cost of one call, USD.', shape: usd, example: 0.5 },
    hourly_usd: { about: "A user's cost in a clock hour, USD.", shape: usd, example: 2 },
    daily_usd: { about: "A user's cost in a day, USD.", shape: usd, example: 10 },
    monthly_usd: { about: "A user's cost in a month, USD.", shape: usd, example: 100 },
  })
  const own = named(
    'a group of names, each with caps',
    group('a group of caps', keysOf(orNone(tokens), orNone(amount))),
  )
  const tiers: Key<NonNullable<CapRules['tiers']>> = {
    about: `Caps of the users of a tier of user_tiers, over those of all; ${noCap} lifts one.`,
    shape: own,
    example: { free: { daily_usd: 1 } },
  }
  const users: Key<NonNullable<CapRules['users']>> = {
    about: 'Caps of single users, over those of their tier.',
    shape: own,
    example: { ada: { daily_usd: 50, monthly_usd: noCap } },
  }
  return group('a group of caps', { ...keysOf(tokens, amount), tiers, users })
}
