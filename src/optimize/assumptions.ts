/** The figures that strategies assume, as they are typed and as they are bound. */
import { readDecimal } from '../domain/costs/decimal.js'
import { readDuration } from '../domain/time/duration.js'
import { closestNames } from '../domain/words/names.js'
import { UserError } from '../errors.js'
import type { Assumption, Strategy } from './strategy.js'

/** An assumption that was read. */
export interface Value {
  /** As it was typed: `1h`, `40%`. */
  readonly text: string
  /** A duration in ms, a share of 1, a number, a count. */
  readonly number: number
  /** What is bound: a duration in microseconds, a share or number in millionths, a count. */
  readonly whole: bigint
}

/** What was typed for a strategy, or the defaults: by the assumption's name. */
export type Values = ReadonlyMap<string, Value>

const million = 6

/** @returns undefined for what is no value of the kind, or outside of what makes sense */
function read(kind: Assumption['kind'], text: string): Value | undefined {
  if (kind === 'duration') {
    const found = readDuration(text)
    return found && { text, number: found.ms, whole: BigInt(found.ms) * 1000n }
  }
  const isPercent = text.endsWith('%')
  const decimal = readDecimal(isPercent ? text.slice(0, -1).trim() : text)
  if (decimal === undefined || decimal.digits < 0n || (isPercent && kind !== 'share')) return undefined
  const places = decimal.places + (isPercent ? 2 : 0)
  const kept = kind === 'count' ? 0 : million
  if (places > kept && decimal.digits % 10n ** BigInt(places - kept) !== 0n) return undefined
  const whole =
    places > kept
      ? decimal.digits / 10n ** BigInt(places - kept)
      : decimal.digits * 10n ** BigInt(kept - places)
  if (whole > 10n ** 12n) return undefined
  return { text, number: kind === 'count' ? Number(whole) : Number(whole) / 1e6, whole }
}

const forms = {
  duration: 'a length of time such as 90m, 36h or 7d',
  share: 'a share such as 0.4 or 40%',
  number: 'a number such as 0.7',
  count: 'a whole number',
} as const

/** @throws UserError (usage) for what does not fit the assumption */
export function valueOf(assumption: Assumption, text: string, said = text): Value {
  const { name, kind, least, most } = assumption
  const value = read(kind, text.trim().toLowerCase())
  const [from, to] = [least, most].map((bound) => bound && read(kind, bound)?.whole)
  const tooSmall = value && typeof from === 'bigint' && value.whole < from
  const tooLarge = value && typeof to === 'bigint' && value.whole > to
  if (value !== undefined && !tooSmall && !tooLarge) return value
  const range = [least && `from ${least}`, most && `to ${most}`].filter(Boolean).join(' ')
  throw new UserError(`--assume ${said} does not fit ${name}`, {
    code: 'usage',
    hint: `It is ${forms[kind]}${range === '' ? '' : `, ${range}`}: ${name}=${assumption.fallback}.`,
  })
}

/**
 * What was typed as `name=value` or `strategy.name=value`, by strategy, and the defaults of the others.
 * @throws UserError (usage) for a name that no strategy has, one that several have, and a value that does not fit
 */
export function readAssumptions(
  strategies: readonly Strategy[],
  typed: readonly string[],
): (strategy: Strategy) => Values {
  const given = new Map<string, Value>()
  for (const text of typed) {
    const [, name = '', value = ''] = /^([^=]+)=(.*)$/.exec(text.trim()) ?? []
    const { strategy, assumption } = named(strategies, name.trim(), text)
    given.set(`${strategy.id}.${assumption.name}`, valueOf(assumption, value, text))
  }
  return (strategy) =>
    new Map(
      strategy.assumptions.map((one) => [
        one.name,
        given.get(`${strategy.id}.${one.name}`) ?? valueOf(one, one.fallback),
      ]),
    )
}

function named(
  strategies: readonly Strategy[],
  name: string,
  said: string,
): { readonly strategy: Strategy; readonly assumption: Assumption } {
  const all = strategies.flatMap((strategy) =>
    strategy.assumptions.map((assumption) => ({ strategy, assumption })),
  )
  const fullName = ({ strategy, assumption }: (typeof all)[number]): string =>
    `${strategy.id}.${assumption.name}`
  const exact = all.filter((one) => fullName(one) === name)
  const found = exact.length > 0 ? exact : all.filter(({ assumption }) => assumption.name === name)
  const [first, second] = found
  if (first !== undefined && second === undefined) return first
  const names = found.length > 1 ? found.map(fullName) : closestNames(name, all.map(fullName))
  throw new UserError(
    found.length > 1
      ? `--assume ${said}: several strategies assume ${name}`
      : `--assume ${said} names no assumption`,
    {
      code: 'usage',
      hint: `Write strategy.name=value; ${found.length > 1 ? 'these' : 'the closest'}: ${names.join(', ')}. llmcost optimize --explain ID lists those of a strategy.`,
    },
  )
}

/** A share of the calls, in millionths. @throws UserError (usage) */
export function shareOf(text: string): bigint {
  const value = read('share', text)
  if (value !== undefined && value.whole > 0n && value.whole <= 1_000_000n) return value.whole
  throw new UserError(`--share ${text} is no share`, { code: 'usage', hint: 'Write 0.9 or 90%.' })
}
