/** `budgets` of the config file: an amount for a period, and the calls that it covers. */
import { controlRange } from '../../domain/words/hidden.js'
import { budgetPeriods, defaultWarnAt, type Budget, type BudgetPeriod } from '../../domain/budgets/budget.js'
import { plain, readDecimal, shifted } from '../../domain/costs/decimal.js'
import { dimensions, shortForms } from '../../domain/dimensions.js'
import { filterOn, noneValue, parseFilter } from '../../domain/filters.js'
import type { Filter } from '../../domain/scope.js'
import {
  anyText,
  below,
  entriesOf,
  group,
  list,
  located,
  misfit,
  mistake,
  propertiesOf,
  text,
  unknownKey,
  type JsonSchema,
  type Key,
  type Keys,
  type Place,
  type Shape,
} from '../shapes.js'
import { withTags, type Entry, type Tree } from '../tree.js'

const words = 'a budget, such as monthly: 500'

/** Names by which calls can be filtered, tags aside. */
const filterNames: readonly string[] = [
  ...dimensions.filter(({ kind }) => kind === 'column').map(({ key }) => key),
  ...Object.keys(shortForms),
]

const filterValue = text(`a value, such as search, or ${noneValue}`, {
  check: (given) => given,
  also: ['number', 'boolean'],
})

/** A part of a budget's filter, with the words it was given in. */
export interface Condition {
  readonly filter: Filter
  readonly said: string
}

export const condition = text<Condition>('a filter, such as user~smith', {
  pattern: String.raw`^[^=!~${controlRange}]+(!=|=|~)(?=.*\S)[^${controlRange}]*$`,
  check: (given) => ({ filter: parseFilter(given, 'the filter'), said: given }),
})

const percentage = 'a percentage above 0 and up to 1000, such as 80'

/** Percent of the budget as a share of it, without the noise of a division. */
const warnLevel: Shape<number> = {
  words: percentage,
  schema: { type: 'number', exclusiveMinimum: 0, maximum: 1000 },
  read: (tree, place) => {
    const decimal = tree.kind === 'number' ? readDecimal(tree.text) : undefined
    const share = decimal && Number(plain(shifted(decimal, -2)))
    if (share !== undefined && share > 0 && share <= 10) return share
    throw misfit(tree, place, percentage)
  },
}

const ownKeys = (amount: Shape<string>) => {
  const period = (about: string, example: number): Key<string> => ({ about, shape: amount, example })
  return {
    name: { about: 'What reports call it.', shape: anyText('a name'), example: 'Search' },
    monthly: period('USD a calendar month.', 500),
    weekly: period('USD a week from Monday.', 120),
    daily: period('USD a day.', 20),
    warn_at: {
      about: 'Percentages of the budget at which its status changes.',
      shape: list('a list of percentages, such as 80, 90, 100', warnLevel, { least: 1 }),
      example: [80, 90, 100],
      otherwise: '80, 90, 100',
    },
    downgrade_at: {
      about: 'Percentage beyond which llmcost/guard sends calls to the model that guard.routes names.',
      shape: warnLevel,
      example: 90,
      otherwise: 'never',
    },
    block_at: {
      about: 'Percentage beyond which llmcost/guard refuses calls, save those of critical features.',
      shape: warnLevel,
      example: 100,
      otherwise: 'never',
    },
    where: {
      about: 'Filters as --where takes them; all must hold.',
      shape: list('a filter or a list of filters', condition, { alone: true }),
      example: ['user~smith'],
    },
  } satisfies Keys
}

/** A list of budgets that can be told apart. */
export function budgetsShape(amount: Shape<string>): Shape<readonly Budget[]> {
  const all = list('a list of budgets', budgetShape(amount))
  const read = (tree: Tree, place: Place): readonly Budget[] => {
    const budgets = all.read(tree, place)
    const again = budgets.findIndex(({ name }, i) => budgets.findIndex((one) => one.name === name) < i)
    if (again < 0 || tree.kind !== 'list') return budgets
    const name = budgets[again]?.name
    throw mistake(
      tree.items[again] ?? tree,
      place,
      `two budgets are named ${name}`,
      'Give each a name of its own.',
    )
  }
  return { ...all, read }
}

function budgetShape(amount: Shape<string>): Shape<Budget> {
  const keys = ownKeys(amount)
  const own = group(words, keys)
  const read = (tree: Tree, place: Place): Budget => {
    const entries = withTags(entriesOf(tree, place, words))
    const isOwn = ({ key }: Entry): boolean => Object.hasOwn(keys, key)
    const values = own.read({ kind: 'group', line: tree.line, entries: entries.filter(isOwn) }, place)
    const conditions = [...conditionsOf(entries, keys, place), ...(values.where ?? [])]
    const period = periodOf(entries, tree, place)
    const warnAt = values.warn_at ?? defaultWarnAt
    return {
      name: values.name ?? [period, ...conditions.map(({ said }) => said)].join(' '),
      period,
      usd: values[period] ?? '',
      filters: conditions.map(({ filter }) => filter),
      warnAt: [...new Set(warnAt)].toSorted((a, b) => a - b),
      ...(values.downgrade_at === undefined ? {} : { downgradeAt: values.downgrade_at }),
      ...(values.block_at === undefined ? {} : { blockAt: values.block_at }),
    }
  }
  return { words, schema: schemaOf(keys), keys, read }
}

function periodOf(entries: readonly Entry[], tree: Tree, place: Place): BudgetPeriod {
  const given = budgetPeriods.filter((period) => entries.some(({ key }) => key === period))
  const [period, second] = given
  const hint = 'Give exactly one: monthly, weekly or daily, in USD.'
  if (period === undefined) throw mistake(tree, place, `${place.key} has no amount`, hint)
  if (second === undefined) return period
  const entry = entries.findLast(({ key }) => given.some((one) => one === key)) ?? tree
  throw mistake(entry, place, `${place.key} has ${given.length} amounts: ${given.join(', ')}`, hint)
}

/** `feature: search` and the like, in their order. @param own keys that are no dimensions */
export function conditionsOf(entries: readonly Entry[], own: Keys, place: Place): readonly Condition[] {
  const seen = new Map<string, string>()
  return entries.flatMap((entry) => {
    if (Object.hasOwn(own, entry.key)) return []
    const { key, value: tree } = entry
    if (key === 'tag')
      throw mistake(entry, place, `${place.key}.tag does not say which tag`, 'For example tag.tier: pro.')
    if (!filterNames.includes(key) && !/^tag\../.test(key))
      throw unknownKey(entry, place, [...Object.keys(own), 'tag', ...filterNames])
    const here = below(place, key)
    const value = filterValue.read(tree, here)
    const filter = located(tree, here, () => filterOn(key, '=', value, `${here.key} ${value}`, here.key))
    const before = seen.get(filter.dimension)
    if (before !== undefined)
      throw mistake(entry, place, `${here.key} and ${before} are one dimension`, 'Keep one of the two.')
    seen.set(filter.dimension, key)
    return [{ filter, said: `${key}=${value}` }]
  })
}

function schemaOf(keys: Keys): Shape<Budget>['schema'] {
  return {
    ...filteredSchema(keys),
    oneOf: budgetPeriods.map((period) => ({ required: [period] })),
  }
}

/** A group of keys and of any dimension. */
export function filteredSchema(keys: Keys): JsonSchema {
  const filters = Object.fromEntries(filterNames.map((name) => [name, filterValue.schema]))
  const tag = { anyOf: [filterValue.schema, { type: 'object' }] }
  return {
    type: 'object',
    properties: {
      ...filters,
      tag: { type: ['object', 'null'], propertyNames: { minLength: 1 }, additionalProperties: tag },
      ...propertiesOf(keys),
    },
    patternProperties: { [String.raw`^tag\..`]: filterValue.schema },
    additionalProperties: false,
  }
}
