/** `rules` of the config file: what `llmcost check` watches. Kinds, units and defaults are domain/rule-kinds.ts. */
import {
  anomalyTests,
  ruleKindNames,
  ruleKinds,
  type RuleKindName,
  type RuleParameter,
} from '../domain/rule-kinds.js'
import { plain, readDecimal, shifted } from '../domain/decimal.js'
import { dimensionOf } from '../domain/dimensions.js'
import { durationMs } from '../domain/limits.js'
import { severities, type Rule } from '../domain/rule.js'
import { assertMessage } from '../domain/rule-message.js'
import { UserError } from '../errors.js'
import { condition } from './budgets.js'
import {
  anyText,
  choice,
  entriesOf,
  group,
  list,
  located,
  misfit,
  mistake,
  numeric,
  propertiesOf,
  text,
  type Json,
  type JsonSchema,
  type Key,
  type Keys,
  type Place,
  type Shape,
} from './shapes.js'
import type { Tree } from './tree.js'

const words = 'a rule, such as { kind: error_rate, over: 5% }'

const key = <T>(about: string, shape: Shape<T>, example: Json, otherwise?: string): Key<T> => ({
  about,
  shape,
  example,
  ...(otherwise === undefined ? {} : { otherwise }),
})

/** Whole hours, as a text: `2h`, `1d`, `1w`. */
function hours(least: number): Shape<number> {
  const units = { h: 1, d: 24, w: 168 }
  return text<number>('whole hours, days or weeks, such as 2h, 1d or 1w', {
    pattern: String.raw`^\d{1,4}[hdw]$`,
    check: (given) => {
      const [, digits, unit] = /^(\d{1,4})([hdw])$/.exec(given) ?? []
      const found = Number(digits) * units[unit as 'h' | 'd' | 'w']
      return found >= least && found <= mostHours ? found : undefined
    },
  })
}

/** A year: what is longer than any window worth watching is a slip. */
const mostHours = 366 * 24

/** A number, or a percentage as text, as an exact decimal. @param most the greatest that can mean anything */
function share(most: number): Shape<string> {
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

function numberText(about: string, fits: (n: number) => boolean, schema: JsonSchema): Shape<string> {
  const one = numeric(about, schema, fits)
  return { ...one, read: (tree, place) => (one.read(tree, place), tree.kind === 'number' ? tree.text : '') }
}

const milliseconds: Shape<string> = {
  words: 'milliseconds, or a time such as 2.5s',
  schema: {
    anyOf: [
      { type: 'number', exclusiveMinimum: 0, maximum: 1e9 },
      { type: 'string', pattern: String.raw`^\d+(\.\d+)?(ms|s|m|h)$` },
    ],
  },
  read: (tree, place) => {
    const given =
      tree.kind === 'number'
        ? Number(tree.text)
        : tree.kind === 'text' && /[a-z]$/.test(tree.text)
          ? located(tree, place, () => durationMs(tree.text, place.key))
          : 0
    if (given <= 0 || given > 1e9) throw misfit(tree, place, milliseconds.words)
    return String(given)
  },
}

/** Figures that cannot be above 1. */
const partsOfWhole = new Set<RuleKindName>([
  'error_rate',
  'truncation_rate',
  'cache_hit_rate',
  'unpriced_share',
])

type Amount = Shape<string>

function boundShape(kind: RuleKindName, amount: Amount): Shape<string> {
  switch (ruleKinds[kind].unit) {
    case 'usd':
      return amount
    case 'share':
      return share(partsOfWhole.has(kind) ? 1 : 10)
    case 'ms':
      return milliseconds
    case 'hours': {
      const shape = hours(1)
      return { ...shape, read: (tree, place) => String(shape.read(tree, place)) }
    }
    case 'ratio':
    case 'count':
    case 'time':
    case 'any':
      return ratio
  }
}

/** May stand on several lines, as no other text. */
const statement: Shape<string> = {
  words: 'a SELECT',
  schema: {
    type: 'string',
    pattern: String.raw`^(?=[\s\S]*\S)[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$`,
  },
  read: (tree, place) => {
    // eslint-disable-next-line no-control-regex
    const form = /^(?=[\s\S]*\S)[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$/u
    if (tree.kind !== 'text' || !form.test(tree.text)) throw misfit(tree, place, 'a SELECT')
    return tree.text.trim()
  },
}

const boolean: Shape<boolean> = {
  words: 'true or false',
  schema: { type: 'boolean' },
  read: (tree, place) => {
    if (tree.kind !== 'boolean') throw misfit(tree, place, 'true or false')
    return tree.text === 'true'
  },
}

const dimension = text('a dimension, such as feature', {
  check: (given) => {
    const found = dimensionOf(given)
    if (found.kind !== 'time') return found.key
    throw new UserError(`no rule is judged by ${found.key}`, {
      code: 'usage',
      hint: 'For example by: feature.',
    })
  },
})

const ownKeys = {
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

const wholeNumber = (about: string, least: number): Shape<number> =>
  numeric(
    about,
    { type: 'integer', minimum: least, maximum: 1e9 },
    (n) => Number.isInteger(n) && n >= least && n <= 1e9,
  )

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
    sql: key('One SELECT, as `llmcost sql` takes it.', statement, 'SELECT 1 AS measured'),
  }) satisfies Readonly<Record<RuleParameter, Key<unknown>>>

/** The keys that a rule of this kind may have. */
function keysOf(kind: RuleKindName, amount: Amount): Keys {
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
function ruleKeys(amount: Amount): Keys {
  const { over } = keysOf('error_rate', amount)
  return {
    ...ownKeys,
    over: { ...over, about: 'The bound, in the unit of its kind.' } as Key<unknown>,
    window: key('The hours up to now that are measured.', hours(1), '1h'),
    ...scopeKeys,
    ...minKeys(amount),
    ...parameterKeys(amount),
  }
}

interface Given {
  readonly name?: string
  readonly severity?: Rule['severity']
  readonly for?: number
  readonly message?: string
  readonly enabled?: boolean
  readonly where?: readonly { readonly filter: Rule['filters'][number]; readonly said: string }[]
  readonly by?: string
  readonly window?: number
  readonly over?: string
  readonly under?: string
  readonly at_least?: string
  readonly min_calls?: number
  readonly min_usd?: string
  readonly against?: number
  readonly weeks?: number
  readonly budget?: string
  readonly daily_usd?: string
  readonly tests?: readonly string[]
  readonly sql?: string
}

function ruleShape(amount: Amount): Shape<Rule> {
  const byKind = new Map(ruleKindNames.map((kind) => [kind, group(words, keysOf(kind, amount))]))
  const read = (tree: Tree, place: Place): Rule => {
    const entries = entriesOf(tree, place, words)
    const named = entries.find((entry) => entry.key === 'kind')
    if (named === undefined) {
      throw mistake(tree, place, `${place.key} has no kind`, `Known: ${ruleKindNames.join(', ')}.`)
    }
    const kind = ownKeys.kind.shape.read(named.value, { ...place, key: `${place.key}.kind` })
    const given = (byKind.get(kind)?.read(tree, place) ?? {}) as Given
    if (given.message !== undefined) {
      const at = entries.find((entry) => entry.key === 'message') ?? tree
      located(at, place, () => assertMessage(given.message ?? '', kind, `${place.key}.message`))
    }
    return ruleOf(kind, given, tree, place)
  }
  return {
    words,
    schema: { oneOf: ruleKindNames.map((kind) => schemaOf(kind, keysOf(kind, amount))) },
    keys: ruleKeys(amount),
    read,
  }
}

function schemaOf(kind: RuleKindName, keys: Keys): JsonSchema {
  const { bound, parameters } = ruleKinds[kind]
  const required = [
    'kind',
    ...(bound?.value === null ? [bound.when] : []),
    ...parameters.filter((name) => name === 'sql'),
  ]
  return { type: 'object', properties: propertiesOf(keys), required, additionalProperties: false }
}

function ruleOf(kind: RuleKindName, given: Given, tree: Tree, place: Place): Rule {
  const about = ruleKinds[kind]
  const bound = given.over ?? given.under ?? given.at_least ?? about.bound?.value ?? null
  if (bound === null && about.bound !== null) {
    throw mistake(tree, place, `${place.key} has no bound`, `Give ${about.bound.when}: … (${about.unit}).`)
  }
  if (kind === 'sql' && given.sql === undefined) {
    throw mistake(
      tree,
      place,
      `${place.key} has no sql`,
      'For example sql: SELECT user_id AS value FROM calls.',
    )
  }
  if (kind === 'sql' && (given.for ?? 0) > 0 && !/\$as_of\b/.test(given.sql ?? '')) {
    const hint = 'Say in the statement which calls it means: ts < $as_of.'
    throw mistake(tree, place, `${place.key}: for needs a statement that names $as_of`, hint)
  }
  const conditions = given.where ?? []
  const by = about.scope === 'user' ? 'user_id' : (given.by ?? null)
  const said = [
    kind,
    ...(given.by === undefined ? [] : [`by ${given.by}`]),
    ...conditions.map((one) => one.said),
  ]
  return {
    name: given.name ?? [...said, ...(given.budget === undefined ? [] : [given.budget])].join(' '),
    kind,
    severity: given.severity ?? about.severity,
    filters: conditions.map(({ filter }) => filter),
    by,
    bound,
    windowHours: given.window ?? about.window,
    forHours: given.for ?? 0,
    minCalls: given.min_calls ?? about.minCalls,
    minUsd: given.min_usd ?? about.minUsd,
    message: given.message ?? about.message,
    enabled: given.enabled ?? true,
    ...parametersOf(kind, given),
  }
}

type Parameters = Pick<Rule, 'againstHours' | 'weeks' | 'budget' | 'dailyUsd' | 'tests' | 'sql'>

function parametersOf(kind: RuleKindName, given: Given): Parameters {
  const has = (name: RuleParameter): boolean => ruleKinds[kind].parameters.includes(name)
  return {
    againstHours: given.against ?? (has('against') ? 24 : null),
    weeks: given.weeks ?? (has('weeks') ? 3 : null),
    budget: given.budget ?? null,
    dailyUsd: given.daily_usd ?? null,
    tests: given.tests ?? (has('tests') ? ['spike', 'sustained'] : null),
    sql: given.sql ?? null,
  }
}

/** A list of rules that can be told apart. @param amount USD as exact text */
export function rulesShape(amount: Amount): Shape<readonly Rule[]> {
  const all = list('a list of rules', ruleShape(amount))
  const read = (tree: Tree, place: Place): readonly Rule[] => {
    const rules = all.read(tree, place)
    const again = rules.findIndex(({ name }, i) => rules.findIndex((one) => one.name === name) < i)
    if (again < 0 || tree.kind !== 'list') return rules
    const at = tree.items[again] ?? tree
    throw mistake(at, place, `two rules are named ${rules[again]?.name}`, 'Give each a name of its own.')
  }
  return { ...all, read }
}
