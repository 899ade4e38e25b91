/** What one user may use, as `--cap` gives it: `daily_usd=5`. */
import { UserError } from '../../errors.js'
import { readUsd } from '../costs/amount.js'
import type { UserCaps } from './budget.js'
import { closestNames } from '../words/names.js'

/** Every cap, from the shortest span to the longest. */
export const capNames = ['request_tokens', 'request_usd', 'hourly_usd', 'daily_usd', 'monthly_usd'] as const
export type CapName = (typeof capNames)[number]

/** What a cap bounds, in words. */
export const capWords: Readonly<Record<CapName, string>> = {
  request_tokens: 'a request',
  request_usd: 'a request',
  hourly_usd: 'an hour',
  daily_usd: 'a day',
  monthly_usd: 'a month',
}

/**
 * Caps from texts such as `daily_usd=5`; a later one of a name wins.
 * @throws UserError (usage) for another shape, an unknown name, or an amount that is none
 */
export function parseCaps(texts: readonly string[]): UserCaps {
  return Object.fromEntries(texts.map(parseCap))
}

function parseCap(text: string): [CapName, string | number] {
  const [, typed = '', amount = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? []
  const wanted = typed.trim().toLowerCase().replaceAll('-', '_')
  const name = capNames.find((known) => known === wanted)
  if (name === undefined) {
    throw new UserError(`--cap ${text} is not a cap`, {
      code: 'usage',
      hint: `Write --cap daily_usd=5. The closest: ${closestNames(wanted, capNames).join(', ')}. All: ${capNames.join(', ')}.`,
    })
  }
  const usd = readUsd(amount)
  if (name === 'request_tokens') {
    if (/^[1-9]\d{0,14}$/.test(amount.trim())) return [name, Number(amount)]
    throw amountError(text, 'a whole number of tokens from 1 on', `${name}=50000`)
  }
  if (usd === undefined || usd === '0') throw amountError(text, 'an amount of USD above 0', `${name}=5`)
  return [name, usd]
}

const amountError = (text: string, wanted: string, example: string): UserError =>
  new UserError(`--cap ${text} is not ${wanted}`, { code: 'usage', hint: `For example --cap ${example}.` })
