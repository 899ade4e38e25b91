/**
 * What estimates from numbers leave out: surcharges on the naive cost of calls × tokens × price. They add up: each
 * is a share of the naive cost, not of the one before.
 */
import { compare, fractionOf, one, over, plus, whole, zero, type Fraction } from '../costs/fraction.js'
import { UserError } from '../../errors.js'

export const surchargeNames = ['history', 'retries', 'development', 'instructions', 'turns'] as const
export type SurchargeName = (typeof surchargeNames)[number]

export const surchargeWords: Readonly<Record<SurchargeName, string>> = {
  history: 'history sent again with each turn',
  retries: 'failed calls made again',
  development: 'development and tests',
  instructions: 'instructions repeated in each call',
  turns: 'more turns than one to an answer',
}

/** @throws UserError (usage) for what is no share */
export function readSurcharge(name: SurchargeName, given: string): Fraction {
  const percent = /^\+?(.*)%$/.exec(given.trim())?.[1]
  const value = fractionOf((percent ?? given).trim())
  const share = value && (percent === undefined ? value : over(value, whole(100)))
  if (share === undefined || compare(share, zero) < 0)
    throw new UserError(`--${name} ${given} is not a share of the naive cost`, {
      code: 'usage',
      hint: `For example --${name} 40%.`,
    })
  return share
}

/** 1 + the sum of all. */
export const surchargeFactor = (shares: ReadonlyMap<SurchargeName, Fraction>): Fraction =>
  plus(one, ...shares.values())
