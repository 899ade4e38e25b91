/** The keys of rules, by kind: what check, JSON Schema, `init` and documentation derive from. */
import { anomalyTests, type RuleParameter } from '../domain/rules/rule-kind.js'
import { ruleKindNames, ruleKinds, type RuleKindName } from '../domain/rules/rule-kinds.js'
import { severities } from '../domain/rules/severity.js'
import { condition } from './spending/budgets.js'
import { sensitivity } from './bound-shapes.js'
import {
  boolean,
  boundShape,
  dimension,
  hours,
  share,
  statement,
  wholeNumber,
  type Amount,
} from './rule-shapes.js'
import { anyText, choice, list, text, type Json, type Key, type Keys, type Shape } from './shapes.js'

const key = <T>(about: string, shape: Shape<T>, example: Json, otherwise?: string): Key<T> => ({
  about,
  shape,
  example,
  ...(otherwise === undefined ? {} : { otherwise }),
})

export const ownKeys = {
  name: key(
    'What messages call it; each rule has its own.',
    text('a name of up to 80 letters', { check: (given) => (given.length <= 80 ? given : undefined) }),
    'failing-search',
    'its kind',
  ),
  kind: key('What it watches.', choice(ruleKindNames), 'error_rate'),
  severity: key('How grave it is.', choice(severities), 'warning', 'that of its kind'),
  for: key('How long it must have held, by the calls themselves.', hours(0), '2h', '0h'),
  message: key('The sentence for people, with {placeholders}.', anyText('a text'), '{subject}: {measured}'),
  enabled: key('false keeps a rule without judging it.', boolean, true, 'true'),
}

const scopeKeys = {
  where: key(
    'Filters as --where takes them; all must hold.',
    list('a filter or a list of filters', condition, { alone: true }),
    ['feature=search'],
  ),
  by: key('Each value of this dimension is judged by itself.', dimension, 'feature', 'all calls together'),
}

const minKeys = (amount: Amount) => ({
  min_calls: key('Calls in the window below which it is not judged.', wholeNumber('a whole number', 0), 20),
  min_usd: key('Cost of the window, USD, below which it is not judged.', amount, 1),
})

const parameterKeys = (amount: Amount) =>
  ({
    against: key('How long before lies the window that is compared with.', hours(1), '1d', '1d'),
    weeks: key('Weeks in a row that must have grown.', wholeNumber('a whole number from 1 on', 1), 3, '3'),
    budget: key('Name of the one budget meant.', anyText('the name of a budget'), 'Search', 'each budget'),
    daily_usd: key("The day's budget, USD.", amount, 50, 'the tightest budget of all calls'),
    tests: key(
      'Tests of `llmcost anomalies`.',
      list('a list of tests', choice(anomalyTests), { least: 1, alone: true }),
      ['spike'],
      'spike, sustained',
    ),
    min_usd: key(
      'Smallest excess that is told, of the hours that are judged together, USD.',
      amount,
      1,
      'anomaly_min_usd of bounds',
    ),
    min_share: key(
      "Smallest excess of an hour, as a share of all calls' usual day; of more hours, what it moves.",
      share(1),
      '1%',
      'anomaly_min_share of bounds',
    ),
    sensitivity: key(
      'How easily hours are called unusual: 2 halves the bounds of noise, 0.5 doubles them.',
      sensitivity,
      2,
      'anomaly_sensitivity of bounds',
    ),
    sql: key('One SELECT, as `llmcost sql` takes it.', statement, 'SELECT 1 AS measured'),
  }) satisfies Readonly<Record<RuleParameter, Key<unknown>>>

/** The keys that a rule of this kind may have. */
export function keysOf(kind: RuleKindName, amount: Amount): Keys {
  const { bound, window, minCalls, minUsd, scope, parameters, unit } = ruleKinds[kind]
  const mins = minKeys(amount)
  const own = parameterKeys(amount)
  return {
    ...ownKeys,
    kind: { ...ownKeys.kind, shape: choice([kind]), example: kind, about: ruleKinds[kind].about },
    ...(bound === null
      ? {}
      : {
          [bound.when]: key(
            `Fires when ${ruleKinds[kind].figure} is ${whenWords[bound.when]} it (${unit}).`,
            boundShape(kind, amount),
            bound.value ?? 1,
            bound.value ?? undefined,
          ),
        }),
    ...(window === null
      ? {}
      : { window: key('The hours up to now that are measured.', hours(1), '1h', `${window}h`) }),
    ...(scope === 'none' ? {} : { where: scopeKeys.where }),
    ...(scope === 'calls' ? { by: scopeKeys.by } : {}),
    ...(minCalls === null ? {} : { min_calls: { ...mins.min_calls, otherwise: String(minCalls) } }),
    ...(minUsd === null ? {} : { min_usd: { ...mins.min_usd, otherwise: minUsd } }),
    ...Object.fromEntries(parameters.map((name) => [name, own[name]])),
  }
}

const whenWords = { over: 'above', under: 'below', at_least: 'at or above' } as const

/** All keys that some rule may have, for `init` and the documentation. */
export function ruleKeys(amount: Amount): Keys {
  const { over } = keysOf('error_rate', amount)
  const mins = minKeys(amount)
  return {
    ...ownKeys,
    over: { ...over, about: 'The bound, in the unit of its kind.' } as Key<unknown>,
    window: key('The hours up to now that are measured.', hours(1), '1h'),
    ...scopeKeys,
    ...mins,
    ...parameterKeys(amount),
    min_usd: mins.min_usd,
  }
}
