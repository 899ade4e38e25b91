/** `rules` of the config file: what `llmcost check` watches. Kinds, units and defaults are domain/rules/rule-kinds.ts. */
import type { RuleParameter } from '../domain/rules/rule-kind.js'
import { ruleKindNames, ruleKinds, type RuleKindName } from '../domain/rules/rule-kinds.js'
import { assertMessage } from '../domain/rules/rule-message.js'
import type { Rule } from '../domain/rules/rule.js'
import { keysOf, ownKeys, ruleKeys } from './rule-keys.js'
import type { Amount } from './rule-shapes.js'
import {
  entriesOf,
  group,
  list,
  located,
  mistake,
  propertiesOf,
  type JsonSchema,
  type Keys,
  type Place,
  type Shape,
} from './shapes.js'
import type { Tree } from './tree.js'

const words = 'a rule, such as { kind: error_rate, over: 5% }'

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
  readonly min_share?: string
  readonly sensitivity?: number
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

type Parameters = Pick<
  Rule,
  'againstHours' | 'weeks' | 'budget' | 'dailyUsd' | 'tests' | 'minShare' | 'sensitivity' | 'sql'
>

function parametersOf(kind: RuleKindName, given: Given): Parameters {
  const has = (name: RuleParameter): boolean => ruleKinds[kind].parameters.includes(name)
  return {
    againstHours: given.against ?? (has('against') ? 24 : null),
    weeks: given.weeks ?? (has('weeks') ? 3 : null),
    budget: given.budget ?? null,
    dailyUsd: given.daily_usd ?? null,
    tests: given.tests ?? (has('tests') ? ['spike', 'sustained'] : null),
    minShare: given.min_share === undefined ? null : Number(given.min_share),
    sensitivity: given.sensitivity ?? null,
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
