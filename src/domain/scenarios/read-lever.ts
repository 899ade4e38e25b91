/** Reads levers as people write them, and says what is wrong with one. */
import {
  compare,
  fraction,
  fractionOf,
  less,
  one,
  over,
  plus,
  times,
  whole,
  zero,
  type Fraction,
} from '../costs/fraction.js'
import { parseFilters } from '../filters.js'
import type { ValueGroups } from '../groups.js'
import type { Filter } from '../scope.js'
import { UserError } from '../../errors.js'
import type { Lever, LeverKind } from './lever.js'

/** Months are twelfths of a year of 365 days. */
export const daysAMonth: Fraction = fraction(365n, 12n)

const examples: Readonly<Record<LeverKind, string>> = {
  'price-change': 'gpt-4o=-20%',
  move: "'gpt-4o=gpt-4o-mini,share=80%,feature=search'",
  'cache-hit': '0.4',
  'input-tokens': '-30%',
  'output-tokens': '-30%',
  volume: '4x',
  'new-users': '1000@tier=free',
  fixed: '2000/month',
}

export const leverKinds = Object.keys(examples) as LeverKind[]

const tiers = ['standard', 'batch', 'flex', 'priority'] as const

/** A lever's text, read in parts. */
class Text {
  readonly said: string
  readonly parts: readonly string[]

  constructor(
    readonly kind: LeverKind,
    readonly text: string,
    readonly groups: ValueGroups,
  ) {
    this.said = `--${kind} ${text}`
    this.parts = text.split(/(?<!\\),/).map((part) => part.trim())
  }

  wrong(what: string): UserError {
    return new UserError(`${this.said}: ${what}`, {
      code: 'usage',
      hint: `For example --${this.kind} ${examples[this.kind]}.`,
    })
  }

  /** Filters among the parts after the first, and the values of `own` keys. */
  rest(
    own: readonly string[],
    parts = this.parts.slice(1),
  ): { filters: readonly Filter[]; values: ReadonlyMap<string, string> } {
    const values = new Map<string, string>()
    const texts = parts.filter((part) => {
      const [, key = '', value = ''] = /^([a-z_]+)=(.*)$/s.exec(part) ?? []
      if (!own.includes(key)) return true
      if (values.has(key)) throw this.wrong(`${key} stands twice`)
      values.set(key, value.trim())
      return false
    })
    return { filters: parseFilters(texts, this.groups, `--${this.kind}`).filters, values }
  }

  /** `80%` or `0.8`, within 0 and 1. */
  share(text: string, what: string): Fraction {
    const percent = /^(.*)%$/s.exec(text)?.[1]
    const value = fractionOf((percent ?? text).trim())
    const share = value && (percent === undefined ? value : over(value, whole(100)))
    if (share === undefined || compare(share, zero) < 0 || compare(share, one) > 0)
      throw this.wrong(`${what} is a share from 0 to 1, or a percentage up to 100%`)
    return share
  }

  /** `-20%`, `+10%`: the factor. */
  change(text: string): Fraction {
    const [, sign, digits = ''] = /^([+-])\s*([\d.]+)\s*%$/.exec(text) ?? []
    const value = sign === undefined ? undefined : fractionOf(digits)
    if (value === undefined) throw this.wrong('a change is a percentage with its sign, such as -20% or +10%')
    const part = over(value, whole(100))
    const factor = sign === '-' ? less(one, part) : plus(one, part)
    if (compare(factor, zero) < 0) throw this.wrong('nothing can shrink by more than 100%')
    return factor
  }

  /** `model=rest`, at the first equals sign. */
  pair(): [string, string] {
    const [first = ''] = this.parts
    const at = first.indexOf('=')
    if (at < 1 || at === first.length - 1) throw this.wrong('a model, =, and what becomes of it')
    return [first.slice(0, at).trim(), first.slice(at + 1).trim()]
  }
}

/**
 * One lever.
 * @throws UserError (usage) that says what it should look like
 */
export function readLever(kind: LeverKind, given: string, groups: ValueGroups): Lever {
  const text = new Text(kind, given.trim(), groups)
  const { said } = text
  const [first = ''] = text.parts
  switch (kind) {
    case 'price-change': {
      const [model, change] = text.pair()
      return { kind, model, factor: text.change(change), filters: text.rest([]).filters, said }
    }
    case 'move':
      return move(text)
    case 'cache-hit':
      return { kind, rate: text.share(first, 'a hit rate'), filters: text.rest([]).filters, said }
    case 'input-tokens':
    case 'output-tokens':
      return { kind, factor: text.change(first), filters: text.rest([]).filters, said }
    case 'volume': {
      const factor = /^([\d.]+)x$/.exec(first)?.[1]
      const value = first.endsWith('%')
        ? text.change(first)
        : factor === undefined
          ? undefined
          : fractionOf(factor)
      if (value === undefined) throw text.wrong('a volume is a factor such as 4x, or a change such as +50%')
      return { kind, factor: value, filters: text.rest([]).filters, said }
    }
    case 'new-users':
      return newUsers(text)
    case 'fixed':
      return { kind, perMonth: perMonth(text, /^\$?([\d.]+)\/(\w+)$/.exec(first)), filters: none(text), said }
  }
}

function move(text: Text): Lever {
  const [from, to] = text.pair()
  const { filters, values } = text.rest(['share', 'to_tier'])
  const named = values.get('to_tier')
  const tier = named === undefined ? null : tiers.find((one) => one === named)
  if (tier === undefined) throw text.wrong(`to_tier is one of ${tiers.join(', ')}`)
  const share = values.get('share')
  return {
    kind: 'move',
    from,
    to,
    tier,
    share: share === undefined ? one : text.share(share, 'share'),
    filters,
    said: text.said,
  }
}

function newUsers(text: Text): Lever {
  const [first = '', ...others] = text.parts
  const [count = '', ...where] = first.split('@')
  if (!/^[1-9]\d{0,11}$/.test(count.trim()))
    throw text.wrong('a whole number of users, and after @ whom they are like')
  const { filters, values } = text.rest(
    ['tier'],
    [...(where.length === 0 ? [] : [where.join('@')]), ...others],
  )
  return {
    kind: 'new-users',
    users: BigInt(count.trim()),
    tier: values.get('tier') ?? null,
    filters,
    said: text.said,
  }
}

function none(text: Text): readonly Filter[] {
  if (text.parts.length > 1) throw text.wrong('it is no cost of calls, and takes no filter')
  return []
}

const spans: Readonly<Record<string, Fraction>> = {
  day: daysAMonth,
  week: over(daysAMonth, whole(7)),
  month: one,
  year: fraction(1n, 12n),
}

/** An amount by day, week, month or year, by the month. */
function perMonth(text: Text, match: RegExpExecArray | null): Fraction {
  const [, digits = '', span = ''] = match ?? []
  const [value, scale] = [fractionOf(digits), spans[span]]
  if (value === undefined || scale === undefined || !Object.hasOwn(spans, span))
    throw text.wrong('an amount and how often: 2000/month, or by day, week or year')
  return times(value, scale)
}

/** Calls, or another whole number, by the month: `10000`, `500/day`. @throws UserError (usage) */
export function readPerMonth(option: string, given: string): Fraction {
  const [, digits = '', span = 'month'] = /^(\d{1,15})(?:\/(day|week|month|year))?$/.exec(given.trim()) ?? []
  const [value, scale] = [fractionOf(digits), spans[span]]
  if (value === undefined || scale === undefined)
    throw new UserError(`${option} ${given} is not a number of calls`, {
      code: 'usage',
      hint: `For example ${option} 10000, which is a month's, or ${option} 500/day.`,
    })
  return times(value, scale)
}
