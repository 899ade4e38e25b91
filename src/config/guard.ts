/** `guard` of the config file: how `llmcost/guard`, in an application, enforces caps and budgets. */
import { readDuration, durationPattern } from '../domain/time/duration.js'
import { wholeNumber } from './bound-shapes.js'
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
} from './shapes.js'
import type { Tree } from './tree.js'

/** A line of the routing table: what a call is sent to instead, while a budget says so. */
export interface GuardRoute {
  /** Absent: every feature. */
  readonly feature?: string
  readonly model: string
  readonly to: string
}

/** A length of time, in ms. @param most so long at most, in words */
const length = (example: string, leastMs: number, mostMs: number, most: string): Shape<number> =>
  text<number>(`a length of time up to ${most}, such as ${example}`, {
    pattern: durationPattern,
    check: (given) => {
      const ms = readDuration(given)?.ms
      return ms !== undefined && ms >= leastMs && ms <= mostMs ? ms : undefined
    },
  })

const routeKeys = group('a route: model and to', {
  feature: { about: 'The feature whose calls it is for.', shape: anyText('a feature'), example: 'chat' },
  model: { about: 'The model that is asked for.', shape: anyText('a model'), example: 'gpt-4o' },
  to: { about: 'The model that is asked instead.', shape: anyText('a model'), example: 'gpt-4o-mini' },
})

const route: Shape<GuardRoute> = {
  ...routeKeys,
  schema: { ...routeKeys.schema, type: 'object', required: ['model', 'to'] },
  read: (tree: Tree, place: Place) => {
    const { feature, model, to } = routeKeys.read(tree, place)
    if (model === undefined || to === undefined)
      throw mistake(
        tree,
        place,
        `${place.key} has no ${model === undefined ? 'model' : 'to'}`,
        'For example { model: gpt-4o, to: gpt-4o-mini }.',
      )
    return { ...(feature === undefined ? {} : { feature }), model, to }
  },
}

const guardKeys = {
  critical_features: {
    about: 'Features whose calls no budget downgrades or blocks. Caps of users hold for them.',
    shape: list('a list of features', anyText('a feature')),
    example: ['checkout'],
  },
  routes: {
    about: 'Which model stands in for which, beyond downgrade_at of a budget; the first that fits.',
    shape: list('a list of routes', route),
    example: [{ feature: 'chat', model: 'gpt-4o', to: 'gpt-4o-mini' }],
  },
  output_tokens: {
    about: 'Output tokens that a call reserves which names no limit of its own.',
    shape: wholeNumber(1e9),
    example: 4096,
    otherwise: '4096',
  },
  unpriced: {
    about: 'What becomes of a call to a model without a price.',
    shape: choice<'allow' | 'block'>(['allow', 'block']),
    example: 'block',
    otherwise: 'allow',
  },
  reservation: {
    about: 'How long a call may take: a reservation that nobody settles ends after it.',
    shape: length('15m', 1000, 86_400_000, 'a day'),
    example: '15m',
    otherwise: '15m',
  },
  store_timeout: {
    about: 'How long a call waits for the store (Redis).',
    shape: length('250ms', 1, 60_000, '60s'),
    example: '250ms',
    otherwise: '250ms',
  },
  on_store_failure: {
    about:
      'What becomes of calls while the store does not answer: open lets them through, closed refuses them.',
    shape: choice<'open' | 'closed'>(['open', 'closed']),
    example: 'closed',
    otherwise: 'open',
  },
} satisfies Keys

export const guardShape = group('a group of settings of the guard', guardKeys)

/** What the file says of it; what it leaves out is at its default. */
export type GuardConfig = Values<typeof guardKeys>
