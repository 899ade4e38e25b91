/** `plans` of the config file: subscriptions, the calls that they cover, and what they include. */
import {
  feePattern,
  feeText,
  overages,
  type Included,
  type Overage,
  type Plan,
  type PlanTerms,
} from '../../domain/budgets/plan.js'
import { isDay } from '../../domain/time/periods.js'
import { wholeNumber } from '../bound-shapes.js'
import { amount } from '../limit-keys.js'
import {
  anyText,
  choice,
  entriesOf,
  group,
  list,
  misfit,
  mistake,
  numeric,
  text,
  type Keys,
  type Place,
  type Shape,
  type Values,
} from '../shapes.js'
import { withTags, type Tree } from '../tree.js'
import { condition, conditionsOf, filteredSchema } from './budgets.js'

const feeWords = 'an amount in USD from 0 on, such as 20 or 12.5'

const fee: Shape<string> = {
  words: feeWords,
  schema: {
    anyOf: [
      { type: 'number', minimum: 0, exclusiveMaximum: 1e12 },
      { type: 'string', pattern: feePattern },
    ],
  },
  read: (tree, place) => {
    const usd = tree.kind === 'number' || tree.kind === 'text' ? feeText(tree.text) : undefined
    if (usd === undefined) throw misfit(tree, place, feeWords)
    return usd
  },
}

/** A day, as it is written. */
export const date = text('a date, such as 2026-09-01', {
  pattern: String.raw`^\d{4}-\d{2}-\d{2}$`,
  check: (given) => (isDay(given) ? given : undefined),
})

const termKeys = {
  name: { about: 'What answers call it.', shape: anyText('a name'), example: 'Max' },
  fee: { about: 'USD a month, for all of its seats.', shape: fee, example: 100 },
  included_usd: {
    about: 'What it includes a month, as usage at list price, USD.',
    shape: amount,
    example: 400,
    otherwise: 'all usage',
  },
  included_credits: {
    about: 'What it includes a month, in credits.',
    shape: wholeNumber(1e9),
    example: 1500,
  },
  credit_usd: {
    about: 'Usage at list price that one credit stands for, USD, as the vendor states it.',
    shape: amount,
    example: 0.04,
  },
  overage: {
    about: 'Beyond what is included: billed at list price, or not served.',
    shape: choice<Overage>(overages),
    example: 'list',
  },
} satisfies Keys

/** What of the terms a schema can say. */
const termsRules = {
  required: ['name', 'fee'],
  dependencies: {
    included_usd: ['overage'],
    included_credits: ['overage', 'credit_usd'],
    credit_usd: ['included_credits'],
    overage: { anyOf: [{ required: ['included_usd'] }, { required: ['included_credits'] }] },
  },
  not: { required: ['included_usd', 'included_credits'] },
}

const ownKeys = {
  ...termKeys,
  where: {
    about: 'Filters as --where takes them; all must hold.',
    shape: list('a filter or a list of filters', condition, { alone: true }),
    example: ['user=ada'],
  },
  begins_on: {
    about: 'Day on which its months begin, 1–28, in tz.',
    shape: numeric(
      'a day from 1 to 28',
      { type: 'integer', minimum: 1, maximum: 28 },
      (n) => Number.isInteger(n) && n >= 1 && n <= 28,
    ),
    example: 1,
    otherwise: '1',
  },
  since: { about: 'First day on which it holds.', shape: date, example: '2026-01-01' },
  until: { about: 'Day from which it holds no more.', shape: date, example: '2027-01-01' },
  alternatives: {
    about: 'Other plans, with the keys above from name to overage, to hold the same usage against.',
    shape: list('a list of plans', termsShape(termKeys)),
    example: [{ name: 'Pro', fee: 20, included_usd: 60, overage: 'none' }],
  },
} satisfies Keys

function termsShape(keys: typeof termKeys): Shape<PlanTerms> {
  const words = 'a plan, such as name: Pro, fee: 20'
  const own = group(words, keys)
  return {
    words,
    schema: { ...own.schema, type: 'object', ...termsRules },
    keys,
    read: (tree, place) => termsOf(own.read(tree, place), tree, place),
  }
}

/** @throws UserError (usage) for terms that leave open what is paid */
function termsOf(values: Values<typeof termKeys>, tree: Tree, place: Place): PlanTerms {
  const { name, fee: monthly, overage } = values
  if (name === undefined) throw mistake(tree, place, `${place.key} has no name`, 'For example name: Pro.')
  if (monthly === undefined)
    throw mistake(tree, place, `${place.key} has no fee`, 'Give USD a month, such as fee: 20.')
  const included = includedOf(values, tree, place)
  if (included === undefined && overage !== undefined)
    throw mistake(
      tree,
      place,
      `${place.key}.overage is said of nothing`,
      'Give included_usd or included_credits, too.',
    )
  if (included === undefined) return { name, fee: monthly }
  if (overage === undefined)
    throw mistake(
      tree,
      place,
      `${place.key} does not say what is beyond`,
      'Give overage: list (billed at list price) or none (not served).',
    )
  return { name, fee: monthly, included: { ...included, overage } }
}

function includedOf(values: Values<typeof termKeys>, tree: Tree, place: Place): Included | undefined {
  const { included_usd: usd, included_credits: credits, credit_usd: creditUsd } = values
  if (usd !== undefined && credits !== undefined)
    throw mistake(
      tree,
      place,
      `${place.key} includes dollars and credits`,
      'Give one: included_usd or included_credits.',
    )
  if ((credits === undefined) !== (creditUsd === undefined))
    throw mistake(
      tree,
      place,
      `${place.key} has one of included_credits and credit_usd`,
      'Give both, or included_usd.',
    )
  if (credits !== undefined && creditUsd !== undefined) return { credits, creditUsd }
  return usd === undefined ? undefined : { usd }
}

const planShape: Shape<Plan> = {
  words: 'a plan, such as name: Pro, fee: 20',
  schema: { ...filteredSchema(ownKeys), ...termsRules },
  keys: ownKeys,
  read: (tree, place) => {
    const words = planShape.words
    const entries = withTags(entriesOf(tree, place, words))
    const isOwn = ({ key }: { readonly key: string }): boolean => Object.hasOwn(ownKeys, key)
    const values = group(words, ownKeys).read(
      { kind: 'group', line: tree.line, entries: entries.filter(isOwn) },
      place,
    )
    const terms = termsOf(values, tree, place)
    const conditions = [...conditionsOf(entries, ownKeys, place), ...(values.where ?? [])]
    const { since, until, alternatives = [] } = values
    if (since !== undefined && until !== undefined && since >= until)
      throw mistake(
        tree,
        place,
        `${place.key} ends on ${until}, before it begins`,
        'until is the day after the last.',
      )
    const names = [terms, ...alternatives].map(({ name }) => name)
    const again = names.find((name, i) => names.indexOf(name) < i)
    if (again !== undefined) throw twice(again, tree, place)
    return {
      ...terms,
      filters: conditions.map(({ filter }) => filter),
      beginsOn: values.begins_on ?? 1,
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
      alternatives,
    }
  },
}

const twice = (name: string, tree: { readonly line: number }, place: Place): Error =>
  mistake(tree, place, `two plans are named ${name}`, 'Give each a name of its own.')

const all = list('a list of plans', planShape)

/** A list of plans that can be told apart. */
export const plansShape: Shape<readonly Plan[]> = {
  ...all,
  read: (tree, place) => {
    const plans = all.read(tree, place)
    const again = plans.findIndex(({ name }, i) => plans.findIndex((one) => one.name === name) < i)
    if (again < 0 || tree.kind !== 'list') return plans
    throw twice(plans[again]?.name ?? '', tree.items[again] ?? tree, place)
  },
}
