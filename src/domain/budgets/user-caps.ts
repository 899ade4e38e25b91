/** What one user may use, as `--cap` gives it: `daily_usd=5`, `tier.free.daily_usd=1`, `user.ada.daily_usd=none`. */
import { UserError } from '../../errors.js'
import { readUsd } from '../costs/amount.js'
import type { TimeBucket } from '../dimensions.js'
import { closestNames } from '../words/names.js'
import { count, usd } from '../words/wording.js'
import type { CapRules, OwnCaps } from './budget.js'

/** Every cap, from the shortest span to the longest: the order in which a limiter looks at them. */
export const capNames = [
  'request_tokens',
  'request_input_tokens',
  'request_output_tokens',
  'request_usd',
  'hourly_usd',
  'daily_usd',
  'monthly_usd',
] as const
export type CapName = (typeof capNames)[number]

/** Those in tokens; the others are in USD. */
export const tokenCaps = ['request_tokens', 'request_input_tokens', 'request_output_tokens'] as const

export const isTokens = (cap: CapName): boolean => tokenCaps.some((one) => one === cap)

/** The span that a cap is over; none: a request. */
export const capBuckets: Readonly<Partial<Record<CapName, TimeBucket & ('hour' | 'day' | 'month')>>> = {
  hourly_usd: 'hour',
  daily_usd: 'day',
  monthly_usd: 'month',
}

/** What a cap bounds, in words. */
export const capWords: Readonly<Record<CapName, string>> = {
  request_tokens: 'a request',
  request_input_tokens: 'a request',
  request_output_tokens: 'a request',
  request_usd: 'a request',
  hourly_usd: 'an hour',
  daily_usd: 'a day',
  monthly_usd: 'a month',
}

/** The same where its amount does not stand beside it. */
export const capPlaces: Readonly<Record<CapName, string>> = {
  ...capWords,
  request_input_tokens: 'input of a request',
  request_output_tokens: 'output of a request',
}

/** `$5.00`, `58,000 tokens`, `58,000 input tokens` */
export function capAmount(cap: CapName, value: string | number | bigint): string {
  if (!isTokens(cap)) return usd(value)
  const [, side = ''] = /^request_(input|output)_/.exec(cap) ?? []
  return `${count(value)} ${side === '' ? '' : `${side} `}tokens`
}

/**
 * Caps from texts such as `daily_usd=5`; a later one of a name wins.
 * @throws UserError (usage) for another shape, an unknown name, or an amount that is none
 */
export function parseCaps(texts: readonly string[]): CapRules {
  return texts.map((text) => parseCap(text)).reduce(mergedCaps, {})
}

/** The caps of both; where both have one, that of the second. */
export function mergedCaps(first: CapRules, second: CapRules): CapRules {
  const { tiers, users, ...all } = second
  const layer = (
    a: CapRules['tiers'] = {},
    b: CapRules['tiers'] = {},
  ): Readonly<Record<string, OwnCaps>> | undefined => {
    const names = [...new Set([...Object.keys(a), ...Object.keys(b)])]
    return names.length === 0
      ? undefined
      : Object.fromEntries(names.map((name) => [name, { ...ownOf(a, name), ...ownOf(b, name) }]))
  }
  const [ofTiers, ofUsers] = [layer(first.tiers, tiers), layer(first.users, users)]
  return {
    ...first,
    ...all,
    ...(ofTiers === undefined ? {} : { tiers: ofTiers }),
    ...(ofUsers === undefined ? {} : { users: ofUsers }),
  }
}

/** Caps by a name that may be anything, `constructor` too. */
export const ownOf = (layer: CapRules['tiers'], name: string): OwnCaps | undefined =>
  layer !== undefined && Object.hasOwn(layer, name) ? layer[name] : undefined

/** @param said what errors call it @throws UserError (usage) */
export function parseCap(text: string, said = `--cap ${text}`): CapRules {
  const [, left = '', amount = ''] = /^(.*)=([^=]*)$/s.exec(text) ?? []
  const [, layer, of, typed = ''] = /^\s*(?:(tier|user)\.(.+)\.)?([^.]*)$/s.exec(left) ?? []
  const wanted = typed.trim().toLowerCase().replaceAll('-', '_')
  const name = capNames.find((known) => known === wanted)
  if (name === undefined) {
    throw new UserError(`${said} is not a cap`, {
      code: 'usage',
      hint: `Write --cap daily_usd=5, or tier.free.daily_usd=1. The closest: ${closestNames(wanted, capNames).join(', ')}. All: ${capNames.join(', ')}.`,
    })
  }
  const value = capValue(name, amount, said, layer !== undefined)
  if (layer === undefined || of === undefined) return { [name]: value }
  return { [layer === 'tier' ? 'tiers' : 'users']: Object.fromEntries([[of, { [name]: value }]]) }
}

function capValue(name: CapName, amount: string, said: string, mayBeNone: boolean): string | number | null {
  if (mayBeNone && amount.trim().toLowerCase() === noCap) return null
  if (isTokens(name)) {
    if (/^[1-9]\d{0,14}$/.test(amount.trim())) return Number(amount)
    throw amountError(said, 'a whole number of tokens from 1 on', `${name}=50000`)
  }
  const value = readUsd(amount)
  if (value === undefined || value === '0') throw amountError(said, 'an amount of USD above 0', `${name}=5`)
  return value
}

/** In the place of an amount, for a tier or a user. */
export const noCap = 'none'

const amountError = (said: string, wanted: string, example: string): UserError =>
  new UserError(`${said} is not ${wanted}`, { code: 'usage', hint: `For example --cap ${example}.` })
