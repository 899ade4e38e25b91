/** `allocate` of the config file: whose cost it is, and how what is nobody's own is shared. */
import {
  shareBases,
  sharedCenter,
  type Allocation,
  type MonthlyCost,
  type SharedRule,
  type Sharing,
} from '../../domain/costs/allocation.js'
import { readDecimal, shifted, plain } from '../../domain/costs/decimal.js'
import { dimensionOf } from '../../domain/dimensions.js'
import { UserError } from '../../errors.js'
import { amount } from '../limit-keys.js'
import {
  anyText,
  choice,
  group,
  list,
  mistake,
  named,
  text,
  type Keys,
  type Place,
  type Shape,
  type Values,
} from '../shapes.js'
import type { Tree } from '../tree.js'
import { condition } from './budgets.js'
import { date } from './plans.js'

const label = text('a label of calls, such as team or tag.squad', {
  check: (given) => {
    const found = dimensionOf(given)
    if (found.kind === 'tag' || found.kind === 'either') return found.key
    if (found.kind === 'column' && found.type === 'VARCHAR') return found.key
    throw new UserError(`no cost center is named by ${found.key}`, {
      code: 'usage',
      hint: 'For example from: team, or from: tag.squad.',
    })
  },
})

const value = text('a value, such as search', { check: (given) => given, also: ['number', 'boolean'] })

/** A percentage as a whole number of 0.0001 %. */
const percentage = text('a percentage above 0%, such as 60%', {
  pattern: String.raw`^\d{1,3}(\.\d{1,4})?%$`,
  check: (given) => {
    const percent = /^\d{1,3}(\.\d{1,4})?%$/.test(given) ? readDecimal(given.slice(0, -1)) : undefined
    if (percent === undefined || percent.digits <= 0n) return undefined
    return BigInt(plain(shifted(percent, 4)))
  },
})

const wholePercent = 1_000_000n

const percentages = named('a group of cost centers, such as search: 60%', percentage)

/** One cost center, or percentages of several. */
const receivers: Shape<Readonly<Record<string, bigint>>> = {
  words: 'a cost center, or percentages such as { search: 60%, support: 40% }',
  schema: { anyOf: [value.schema, { ...percentages.schema, type: 'object', minProperties: 1 }] },
  read: (tree, place) => {
    const found =
      tree.kind === 'group' ? percentages.read(tree, place) : { [value.read(tree, place)]: wholePercent }
    assertFree(Object.keys(found), tree, place)
    const all = Object.values(found).reduce((sum, part) => sum + part, 0n)
    if (all === wholePercent) return found
    throw mistake(
      tree,
      place,
      `${place.key}: the percentages add up to ${plain(shifted(readDecimal(all)!, -4))}%`,
      'All that there is must go somewhere: 100%.',
    )
  },
}

const sharingKeys = {
  by: {
    about: "In shares of the cost centers' own cost, tokens or calls of the same month (UTC).",
    shape: choice(shareBases),
    example: 'cost',
  },
  to: {
    about: 'In fixed parts, which add up to 100%; or the one cost center that has all of it.',
    shape: receivers,
    example: { search: '60%', support: '40%' },
  },
} satisfies Keys

const sharedKeys = {
  where: {
    about: 'Calls that it is for, as --where takes them; all filters must hold.',
    shape: list('a filter or a list of filters', condition, { alone: true }),
    example: ['feature=gateway'],
    otherwise: 'calls without a cost center',
  },
  ...sharingKeys,
} satisfies Keys

const costKeys = {
  name: { about: 'What answers call it.', shape: anyText('a name'), example: 'GPU cluster' },
  monthly: { about: 'USD a calendar month (UTC), day by day.', shape: amount, example: 4200 },
  since: { about: 'First day (UTC) that it is paid for.', shape: date, example: '2026-01-01' },
  until: {
    about: 'Day from which it is paid no more.',
    shape: date,
    example: '2027-01-01',
    otherwise: 'it goes on',
  },
  ...sharingKeys,
} satisfies Keys

const oneSharing = { oneOf: [{ required: ['by'] }, { required: ['to'] }] }

const ruleWords = 'a rule, such as by: cost'

const rule = group(ruleWords, sharedKeys)

const ruleShape: Shape<SharedRule> = {
  words: ruleWords,
  schema: { ...rule.schema, type: 'object', ...oneSharing },
  keys: sharedKeys,
  read: (tree, place) => {
    const { where, ...values } = rule.read(tree, place)
    const sharing = sharingOf(values, tree, place)
    return where === undefined || where.length === 0
      ? { sharing }
      : { sharing, where: where.map(({ filter }) => filter) }
  },
}

const costWords = 'a cost, such as name: GPU cluster, monthly: 4200'

const cost = group(costWords, costKeys)

const costShape: Shape<MonthlyCost> = {
  words: costWords,
  schema: { ...cost.schema, type: 'object', required: ['name', 'monthly', 'since'], ...oneSharing },
  keys: costKeys,
  read: (tree, place) => {
    const { name, monthly, since, until, ...values } = cost.read(tree, place)
    const wrong = (said: string, hint: string): never => {
      throw mistake(tree, place, `${place.key} ${said}`, hint)
    }
    if (name === undefined) return wrong('has no name', 'For example name: GPU cluster.')
    if (monthly === undefined) return wrong('has no amount', 'Give monthly: USD a calendar month.')
    if (since === undefined) return wrong('does not say since when it is paid', 'Give since: the first day.')
    if (until !== undefined && since >= until)
      return wrong(`ends on ${until}, before it begins`, 'until is the day after the last.')
    return {
      name,
      usd: monthly,
      since: `${since}T00:00:00.000Z`,
      ...(until === undefined ? {} : { until: `${until}T00:00:00.000Z` }),
      sharing: sharingOf(values, tree, place),
    }
  },
}

/** @throws UserError (usage) where it is not said in one way */
function sharingOf({ by, to }: Values<typeof sharingKeys>, tree: Tree, place: Place): Sharing {
  if (by !== undefined && to === undefined) return { by }
  if (to !== undefined && by === undefined) return { to }
  throw mistake(
    tree,
    place,
    by === undefined ? `${place.key} does not say how it is shared` : `${place.key} has by and to`,
    'Give one of them: by: cost, tokens or calls; or to: a cost center, or percentages.',
  )
}

const allocationKeys = {
  from: {
    about: 'Label whose value is the cost center of a call.',
    shape: label,
    example: 'team',
    otherwise: 'team',
  },
  cost_centers: {
    about: 'Cost centers that stand for several values; any other value is a center of its own.',
    shape: named(
      'a group of cost centers, each with its values',
      list('a list of values', value, { least: 1 }),
    ),
    example: { search: ['search', 'ranking'] },
  },
  shared: {
    about: 'How the cost of calls without a center is shared; of a call the first rule that fits holds.',
    shape: list('a list of rules', ruleShape),
    example: [{ where: 'feature=gateway', by: 'cost' }],
    otherwise: `it stays ${sharedCenter}`,
  },
  costs: {
    about: 'What is paid by the month, whatever calls there are.',
    shape: list('a list of costs', costShape),
    example: [{ name: 'GPU cluster', monthly: 4200, since: '2026-01-01', by: 'tokens' }],
  },
} satisfies Keys

const words = 'a group of keys, such as from: team'

const own = group(words, allocationKeys)

export const allocationShape: Shape<Allocation> = {
  ...own,
  read: (tree, place) => {
    const { from, cost_centers: centers = {}, shared, costs } = own.read(tree, place)
    assertFree(Object.keys(centers), tree, place)
    const values = Object.entries(centers).flatMap(([center, all]) => all.map((one) => ({ center, one })))
    const again = values.find(({ one }, i) => values.findIndex((first) => first.one === one) < i)
    if (again !== undefined)
      throw mistake(
        tree,
        place,
        `${place.key}.cost_centers: ${again.one} is in ${values.find(({ one }) => one === again.one)!.center} and in ${again.center}`,
        'A call has one cost center: keep the value in one of them.',
      )
    return { from: from ?? 'team', centers, shared: shared ?? [], costs: costs ?? [] }
  },
}

/** @throws UserError (usage) for a center of the name that stands for having none */
function assertFree(names: readonly string[], tree: Tree, place: Place): void {
  if (names.includes(sharedCenter))
    throw mistake(
      tree,
      place,
      `${place.key}: ${sharedCenter} is what has no cost center`,
      'Give the cost center another name.',
    )
}
