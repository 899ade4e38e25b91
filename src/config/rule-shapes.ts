/** What keys of rules may hold: exact shares, hours, times and statements. */
import { plain, readDecimal, shifted } from '../domain/costs/decimal.js'
import { dimensionOf } from '../domain/dimensions.js'
import { durationPattern, hoursPattern, readDuration } from '../domain/time/duration.js'
import { hourMs } from '../domain/time/zones.js'
import { ruleKinds, type RuleKindName } from '../domain/rules/rule-kinds.js'
import { UserError } from '../errors.js'
import { misfit, numeric, text, type JsonSchema, type Shape } from './shapes.js'

const wholeHours = new RegExp(hoursPattern)

/** Whole hours, as a text: `2h`, `1d`, `1w`. */
export function hours(least: number): Shape<number> {
  return text<number>('whole hours, days or weeks, such as 2h, 1d or 1w', {
    pattern: hoursPattern,
    check: (given) => {
      const found = wholeHours.test(given) ? (readDuration(given)?.ms ?? 0) / hourMs : -1
      return found >= least && found <= mostHours ? found : undefined
    },
  })
}

/** A year: what is longer than any window worth watching is a slip. */
const mostHours = 366 * 24

/** A number, or a percentage as text, as an exact decimal. @param most the greatest that can mean anything */
export function share(most: number): Shape<string> {
  const about = `a share from 0 to ${most}, or a percentage such as 5%`
  return {
    words: about,
    schema: {
      anyOf: [
        { type: 'number', minimum: 0, maximum: most },
        { type: 'string', pattern: String.raw`^\d{1,4}(\.\d{1,6})?\s*%$` },
      ],
    },
    read: (tree, place) => {
      const percentage =
        tree.kind === 'text' ? /^(\d{1,4}(?:\.\d{1,6})?)\s*%$/.exec(tree.text)?.[1] : undefined
      const given = percentage ?? (tree.kind === 'number' ? tree.text : undefined)
      const decimal = given === undefined ? undefined : readDecimal(given)
      const exact = decimal && plain(percentage === undefined ? decimal : shifted(decimal, -2))
      if (exact === undefined || Number(exact) < 0 || Number(exact) > most) throw misfit(tree, place, about)
      return exact
    },
  }
}

const ratio: Shape<string> = numberText('a number above 0, such as 3', (n) => n > 0 && n <= 1e6, {
  type: 'number',
  exclusiveMinimum: 0,
  maximum: 1e6,
})

/** Whole days, as a number. */
const days: Shape<string> = numberText(
  'a whole number of days, such as 30',
  (n) => Number.isInteger(n) && n >= 0 && n <= 3660,
  { type: 'integer', minimum: 0, maximum: 3660 },
)

function numberText(about: string, fits: (n: number) => boolean, schema: JsonSchema): Shape<string> {
  const one = numeric(about, schema, fits)
  return { ...one, read: (tree, place) => (one.read(tree, place), tree.kind === 'number' ? tree.text : '') }
}

const milliseconds: Shape<string> = {
  words: 'milliseconds, or a time such as 2.5s',
  schema: {
    anyOf: [
      { type: 'number', exclusiveMinimum: 0, maximum: 1e9 },
      { type: 'string', pattern: durationPattern },
    ],
  },
  read: (tree, place) => {
    const given =
      tree.kind === 'number'
        ? Number(tree.text)
        : tree.kind === 'text'
          ? (readDuration(tree.text)?.ms ?? 0)
          : 0
    if (given <= 0 || given > 1e9) throw misfit(tree, place, milliseconds.words)
    return String(given)
  },
}

export type Amount = Shape<string>

export function boundShape(kind: RuleKindName, amount: Amount): Shape<string> {
  switch (ruleKinds[kind].unit) {
    case 'usd':
      return amount
    case 'share':
      return share(ruleKinds[kind].mostShare ?? 10)
    case 'ms':
      return milliseconds
    case 'hours': {
      const shape = hours(1)
      return { ...shape, read: (tree, place) => String(shape.read(tree, place)) }
    }
    case 'days':
      return days
    case 'ratio':
    case 'count':
    case 'time':
    case 'any':
      return ratio
  }
}

/** Something in it, and no control characters but tabs and newlines. */
const lines = String.raw`^(?=[\s\S]*\S)[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$`
const linesForm = new RegExp(lines, 'u')

/** May stand on several lines, as no other text. */
export const statement: Shape<string> = {
  words: 'a SELECT',
  schema: { type: 'string', pattern: lines },
  read: (tree, place) => {
    if (tree.kind !== 'text' || !linesForm.test(tree.text)) throw misfit(tree, place, 'a SELECT')
    return tree.text.trim()
  },
}

export const boolean: Shape<boolean> = {
  words: 'true or false',
  schema: { type: 'boolean' },
  read: (tree, place) => {
    if (tree.kind !== 'boolean') throw misfit(tree, place, 'true or false')
    return tree.text === 'true'
  },
}

export const dimension = text('a dimension, such as feature', {
  check: (given) => {
    const found = dimensionOf(given)
    if (found.kind !== 'time' && found.kind !== 'group') return found.key
    throw new UserError(`no rule is judged by ${found.key}`, {
      code: 'usage',
      hint: 'For example by: feature.',
    })
  },
})

export const wholeNumber = (about: string, least: number): Shape<number> =>
  numeric(
    about,
    { type: 'integer', minimum: least, maximum: 1e9 },
    (n) => Number.isInteger(n) && n >= least && n <= 1e9,
  )
