/**
 * Keys of the config file that say what may be spent, and what it is counted by: those that `llmcost/guard` reads, too.
 * They stand apart so that an application does not load what the program alone needs.
 */
import { amountPattern, usdAmount } from '../domain/costs/amount.js'
import type { CostBasis } from '../domain/costs/basis.js'
import type { CapRules } from '../domain/budgets/budget.js'
import { noCap } from '../domain/budgets/user-caps.js'
import { assertZone } from '../domain/time/zones.js'
import { wholeNumber } from './bound-shapes.js'
import { budgetsShape } from './spending/budgets.js'
import { pathFrom } from './folders.js'
import { guardShape } from './guard.js'
import { outsideFolder } from './needs.js'
import {
  choice,
  group,
  list,
  misfit,
  named,
  text,
  type Json,
  type Key,
  type Keys,
  type Shape,
  type Trust,
} from './shapes.js'

/** Infers what a key's value becomes. */
export const key = <T>(
  about: string,
  shape: Shape<T>,
  example: Json,
  more: Partial<Key<T>> = {},
): Key<T> => ({
  about,
  shape,
  example,
  ...more,
})

export const path = (example: string): Shape<string> =>
  text(`a path, such as ${example}`, { check: (given, { file }) => pathFrom(file, given) })

const amountWords = 'an amount in USD above 0, such as 500 or 0.25'

/** USD as exact text, whether a number or a text stands there. */
export const amount: Shape<string> = {
  words: amountWords,
  schema: {
    anyOf: [
      { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1e12 },
      { type: 'string', pattern: amountPattern },
    ],
  },
  read: (tree, place) => {
    const usd = tree.kind === 'number' || tree.kind === 'text' ? usdAmount(tree.text) : undefined
    if (usd === undefined) throw misfit(tree, place, amountWords)
    return usd
  },
}

/** A file beside the config file came with it. */
export const elsewhere: Trust = {
  does: 'names a file outside its folder',
  where: outsideFolder,
  when: 'Outside this folder it',
}

/** @param amount USD above 0 */
function userCapsShape(amount: Shape<string>) {
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

const capsShape = userCapsShape(amount)

export const zone = text('a time zone, such as Europe/Berlin', {
  check: (given, place) => {
    assertZone(given, place.key)
    return given
  },
})

export const limitKeys = {
  tz: key('Zone in which days, weeks and months begin.', zone, 'Europe/Berlin', {
    otherwise: "UTC, the providers' billing day",
    option: true,
    trust: 'free',
  }),
  prices: key(
    'Files with your own prices; they win over the bundled ones.',
    list('a path or a list of paths', path('prices.csv'), { alone: true }),
    ['prices.csv'],
    { trust: { does: 'names price files' } },
  ),
  cost_basis: key(
    'Which cost counts: the list price, else what the log reports; or the other way round.',
    choice<CostBasis>(['list-first', 'reported-first']),
    'reported-first',
    { otherwise: 'list-first', trust: 'free' },
  ),
  user_tiers: key(
    'A CSV file of user_id, tier and, where known, monthly_revenue.',
    path('user-tiers.csv'),
    'user-tiers.csv',
    { trust: elsewhere },
  ),
  budgets: key(
    'What may be spent: monthly, weekly or daily (exactly one), in USD. Any dimension narrows a budget down.',
    budgetsShape(amount),
    [
      { monthly: 500 },
      { name: 'Search', weekly: 120.5, feature: 'search', warn_at: [80, 90, 100] },
      { daily: 20, environment: 'production', where: ['user~intern'] },
    ],
    { trust: 'free' },
  ),
  user_caps: key('What one user may use.', capsShape, exampleOf(capsShape.keys ?? {}), { trust: 'free' }),
  guard: key(
    'How llmcost/guard keeps an application to budgets and user_caps.',
    guardShape,
    exampleOf(guardShape.keys ?? {}),
    { trust: 'free' },
  ),
} satisfies Keys

/** The examples of keys, as one. */
export function exampleOf(keys: Keys): Json {
  return Object.fromEntries(Object.entries(keys).map(([name, { example }]) => [name, example]))
}
