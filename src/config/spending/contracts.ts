/** `contracts` of the config file: what is paid for models, in percent of the list price and in fixed amounts. */
import { contractPeriods, type ContractTerm, type FixedAmount } from '../../domain/costs/contract.js'
import { plain, readDecimal, shifted, sum } from '../../domain/costs/decimal.js'
import { amount } from '../limit-keys.js'
import {
  anyText,
  choice,
  group,
  list,
  mistake,
  text,
  type Keys,
  type Place,
  type Shape,
  type Values,
} from '../shapes.js'
import type { Tree } from '../tree.js'
import { date } from './plans.js'

/** What is left of 100 %, as a decimal of at most six places. */
const factor = text('a percentage up to 100%, such as 12% (a surcharge: -5%)', {
  pattern: String.raw`^-?\d{1,3}(\.\d{1,4})?%$`,
  check: (given) => {
    const percent = /^-?\d{1,3}(\.\d{1,4})?%$/.test(given) ? readDecimal(given.slice(0, -1)) : undefined
    if (percent === undefined) return undefined
    const left = sum([readDecimal('1')!, shifted({ ...percent, digits: -percent.digits }, -2)])
    return left.digits < 0n ? undefined : plain(left)
  },
})

const ownKeys = {
  provider: { about: 'The provider, as calls name it.', shape: anyText('a provider'), example: 'openai' },
  model: {
    about: 'Models, * for any text.',
    shape: anyText('a model, such as gpt-4o*'),
    example: 'gpt-4o*',
    otherwise: 'all of the provider',
  },
  since: { about: 'First day (UTC) on which it holds.', shape: date, example: '2026-01-01' },
  until: { about: 'Day from which it holds no more.', shape: date, example: '2027-01-01' },
  discount: {
    about: 'Off the list price; negative: a surcharge.',
    shape: factor,
    example: '12%',
    otherwise: '0%',
  },
  committed: {
    about: 'USD that are paid at least; what calls cost counts towards it.',
    shape: amount,
    example: 10_000,
  },
  provisioned: {
    about: 'USD that are paid for throughput: the calls share it by list cost.',
    shape: amount,
    example: 8000,
  },
  per: {
    about: 'What the amount is for: a day, a calendar month, or the whole term.',
    shape: choice(contractPeriods),
    example: 'month',
    otherwise: 'month',
  },
} satisfies Keys

const words = 'a contract, such as provider: openai, discount: 12%'

const own = group(words, ownKeys)

const termShape: Shape<ContractTerm> = {
  words,
  schema: {
    ...own.schema,
    type: 'object',
    required: ['provider'],
    anyOf: [{ required: ['discount'] }, { required: ['committed'] }, { required: ['provisioned'] }],
    not: {
      anyOf: [{ required: ['committed', 'provisioned'] }, { required: ['discount', 'provisioned'] }],
    },
    dependencies: {
      committed: ['since'],
      provisioned: ['since'],
      per: { anyOf: [{ required: ['committed'] }, { required: ['provisioned'] }] },
    },
  },
  keys: ownKeys,
  read: (tree, place) => termOf(own.read(tree, place), tree, place),
}

/** @throws UserError (usage) for terms that leave open what is paid */
function termOf(values: Values<typeof ownKeys>, tree: Tree, place: Place): ContractTerm {
  const { provider, model, since, until, discount } = values
  const wrong = (said: string, hint: string): never => {
    throw mistake(tree, place, `${place.key} ${said}`, hint)
  }
  if (provider === undefined) return wrong('has no provider', 'For example provider: openai.')
  if (since !== undefined && until !== undefined && since >= until)
    return wrong(`ends on ${until}, before it begins`, 'until is the day after the last.')
  const fixed = fixedOf(values, wrong)
  if (discount === undefined && fixed === undefined)
    return wrong('has no terms', 'Give discount, committed or provisioned.')
  return {
    provider,
    factor: discount ?? '1',
    ...(model === undefined ? {} : { model }),
    ...(since === undefined ? {} : { since: `${since}T00:00:00.000Z` }),
    ...(until === undefined ? {} : { until: `${until}T00:00:00.000Z` }),
    ...(fixed === undefined ? {} : { fixed }),
  }
}

function fixedOf(
  { committed, provisioned, discount, since, until, per }: Values<typeof ownKeys>,
  wrong: (said: string, hint: string) => never,
): FixedAmount | undefined {
  const usd = committed ?? provisioned
  if (usd === undefined)
    return per === undefined
      ? undefined
      : wrong('says per of no amount', 'Give committed or provisioned, too.')
  if (committed !== undefined && provisioned !== undefined)
    return wrong('has committed and provisioned', 'Give each a contract of its own.')
  if (provisioned !== undefined && discount !== undefined)
    return wrong('has a discount on provisioned throughput', 'What calls share is the amount that is paid.')
  if (since === undefined)
    return wrong('does not say since when its amount is paid', 'Give since: the first day.')
  if (per === 'term' && until === undefined)
    return wrong('is for the whole term, which has no end', 'Give until: the day after the last.')
  return { kind: committed === undefined ? 'provisioned' : 'committed', usd, per: per ?? 'month' }
}

/** A list of contracts; of a call the first that fits holds. */
export const contractsShape: Shape<readonly ContractTerm[]> = list('a list of contracts', termShape)
