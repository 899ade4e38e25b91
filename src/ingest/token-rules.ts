/**
 * The layers in which token conventions and costs are brought to ours, each by a named rule. A rule is built
 * only where the source has the fields that it speaks of; each sees the columns as the rules before left them.
 */
import type { CallField } from '../domain/call.js'
import type { ReadPlan } from '../importers/importer.js'
import * as casts from './casts.js'
import type { ReadOptions } from './options.js'
import type { RepairRule } from './repairs.js'

/** A column that a rule may change. */
type Repaired = 'input_tokens' | 'output_tokens' | 'reported_cost_usd'

export interface TokenRule {
  /** A rule that is counted, or what merely is the source's convention. */
  readonly name: RepairRule | 'cache_tokens_beside'
  /** SQL: true for the records that it applies to; NULL is false. */
  readonly when: string
  /** SQL of what it makes of a column; absent where it only raises a doubt. */
  readonly repairs?: Readonly<Partial<Record<Repaired, string>>>
}

const read = 'coalesce(cache_read_input_tokens, 0)'
const write =
  'greatest(coalesce(cache_creation_input_tokens, 0), coalesce(cache_creation_1h_input_tokens, 0))'
const cached = `(${read} + ${write})`
const input = 'coalesce(input_tokens, 0)'
const output = 'coalesce(output_tokens, 0)'
const reasoning = 'coalesce(reasoning_output_tokens, 0)'
const tools = 'coalesce(tool_tokens, 0)'

const cacheFields = [
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
  'cache_creation_1h_input_tokens',
] as const

const hasCached = (has: (field: CallField) => boolean): boolean => cacheFields.some(has)

/**
 * True where the source leaves it open whether input tokens include cached ones, so that each record's own
 * figures, and the habit that the records of its shape show, have to tell.
 */
export const asksCacheReading = (
  plan: ReadPlan,
  options: ReadOptions,
  has: (field: CallField) => boolean,
): boolean =>
  hasCached(has) &&
  plan.cacheTokens === 'included' &&
  plan.cacheTokensCertain !== true &&
  options.cacheTokens === undefined

/** The rules that may apply to records of a source, in the order in which they apply. */
export function tokenRules(
  plan: ReadPlan,
  options: ReadOptions,
  has: (field: CallField) => boolean,
): readonly TokenRule[] {
  const total = plan.totalTokens !== undefined
  const repairs = [
    ...(hasCached(has) ? cacheRules(plan, options, has) : []),
    ...(total && plan.toolTokens !== undefined ? [toolTokensAdded] : []),
    ...(total ? [outputFromTotal] : []),
    ...(has('reasoning_output_tokens') ? [outputFromReasoning, reasoningAdded(total)] : []),
    ...(total ? [inputFromTotal] : []),
  ]
  return [
    ...repairs,
    ...(total ? [totalTokensDiffer(plan, options, repairs)] : []),
    ...(plan.costParts?.length ? [costFromParts, costPartsDiffer] : []),
    ...(plan.tierTakenFor === undefined ? [] : [tierTaken[plan.tierTakenFor]]),
  ]
}

/** What a key named `tier` alone was taken for. */
const tierTaken: Readonly<Record<'label' | 'service tier', TokenRule>> = {
  label: { name: 'tier_is_label', when: "tags['tier'] IS NOT NULL" },
  'service tier': {
    name: 'tier_is_service_tier',
    when: "service_tier IS NOT NULL AND service_tier <> 'standard'",
  },
}

/** The record's total is that of input, output and, once more, the cached tokens. */
const totalSaysBeside = `total_tokens IN (${input} + ${output} + ${cached}, ${input} + ${output} + ${cached} + ${reasoning})`
const totalSaysInside = `total_tokens IN (${input} + ${output}, ${input} + ${output} + ${reasoning})`
/** More cached tokens than input: they can't be a share of it. */
const beyond = `${cached} > ${input}`

function cacheRules(plan: ReadPlan, options: ReadOptions, has: (field: CallField) => boolean): TokenRule[] {
  const { cacheTokens: given } = options
  const total = plan.totalTokens !== undefined
  const repairs = { input_tokens: `${input} + ${cached}` }
  if (plan.cacheTokensBeside !== undefined && plan.cacheTokensCertain && given === undefined)
    return mixedCacheRules(repairs)
  if ((given ?? plan.cacheTokens) === 'included') {
    const marked = plan.cacheTokensBeside === undefined ? '' : ` OR cache_beside`
    const said =
      total && given === undefined
        ? `(${beyond} OR ${totalSaysBeside}${marked})`
        : `(${beyond}${given === undefined ? marked : ''})`
    // Where the reading is asked of all records of a shape, the run says it of them together.
    const name = asksCacheReading(plan, options, has) ? 'cache_tokens_beside' : 'cache_tokens_added'
    return [{ name, when: `${cached} > 0 AND ${said}`, repairs }]
  }
  const inside = total && given === undefined
  return [
    ...(inside
      ? [
          {
            name: 'cache_tokens_included',
            when: `${cached} > 0 AND NOT ${beyond} AND total_tokens = ${input} + ${output}`,
          } as const,
        ]
      : []),
    {
      name: 'cache_tokens_beside',
      when: inside ? `${cached} > 0 AND NOT cache_tokens_included` : `${cached} > 0`,
      repairs,
    },
  ]
}

/** Of a source with records of both kinds each record's own kind counts, unless its figures say otherwise. */
function mixedCacheRules(repairs: TokenRule['repairs'] & {}): TokenRule[] {
  const inside = `cache_beside AND NOT ${beyond} AND total_tokens = ${input} + ${output}`
  return [
    { name: 'cache_tokens_included', when: `${cached} > 0 AND ${inside}` },
    {
      name: 'cache_tokens_beside',
      when: `${cached} > 0 AND cache_beside AND NOT cache_tokens_included`,
      repairs,
    },
    {
      name: 'cache_tokens_added',
      when: `${cached} > 0 AND NOT cache_beside AND (${beyond} OR ${totalSaysBeside})`,
      repairs,
    },
  ]
}

const toolTokensAdded: TokenRule = {
  name: 'tool_tokens_added',
  when: `${tools} > 0 AND total_tokens - ${input} - ${output} IN (${tools}, ${tools} + ${reasoning})`,
  repairs: { input_tokens: `${input} + ${tools}` },
}

const outputFromTotal: TokenRule = {
  name: 'output_from_total',
  when: `output_tokens IS NULL AND input_tokens IS NOT NULL AND total_tokens > input_tokens AND total_tokens - input_tokens >= ${reasoning}`,
  repairs: { output_tokens: 'total_tokens - input_tokens' },
}

const outputFromReasoning: TokenRule = {
  name: 'output_from_reasoning',
  when: 'output_tokens IS NULL AND reasoning_output_tokens > 0',
  repairs: { output_tokens: 'reasoning_output_tokens' },
}

const reasoningAdded = (total: boolean): TokenRule => {
  // A total may leave out cached tokens that stand beside the input.
  const said = `(reasoning_output_tokens > 0 AND total_tokens <> ${input} + ${output} AND total_tokens - ${output} - ${reasoning} IN (${input}, ${input} - ${cached}))`
  const more = 'reasoning_output_tokens > output_tokens'
  return {
    name: 'reasoning_added',
    when: `output_tokens IS NOT NULL AND ${total ? `(${more} OR ${said})` : more}`,
    repairs: { output_tokens: `${output} + ${reasoning}` },
  }
}

const inputFromTotal: TokenRule = {
  name: 'input_from_total',
  when: `input_tokens IS NULL AND output_tokens IS NOT NULL AND total_tokens > output_tokens`,
  repairs: { input_tokens: 'total_tokens - output_tokens' },
}

/** A total may leave out what was added: cached tokens beside the input, reasoning beside the output. */
function totalTokensDiffer(plan: ReadPlan, options: ReadOptions, rules: readonly TokenRule[]): TokenRule {
  const added = (names: readonly TokenRule['name'][], tokens: string): string => {
    const found = names.filter((name) => rules.some((rule) => rule.name === name))
    return found.length === 0 ? '0' : `CASE WHEN ${found.join(' OR ')} THEN ${tokens} ELSE 0 END`
  }
  const cachedBeside = added(['cache_tokens_added', 'cache_tokens_beside'], cached)
  const reasoningBeside = added(['reasoning_added'], reasoning)
  const sum = `${input} + ${output}`
  const sums = [
    sum,
    `${sum} - ${cachedBeside}`,
    `${sum} - ${reasoningBeside}`,
    `${sum} - ${cachedBeside} - ${reasoningBeside}`,
    ...(options.cacheTokens === 'included' || plan.cacheTokensCertain ? [`${sum} + ${cached}`] : []),
  ]
  return {
    name: 'total_tokens_differ',
    when: `total_tokens > 0 AND (input_tokens IS NOT NULL OR output_tokens IS NOT NULL) AND total_tokens NOT IN (${sums.join(', ')})`,
  }
}

const costFromParts: TokenRule = {
  name: 'cost_from_parts',
  when: 'reported_cost_usd IS NULL AND cost_parts IS NOT NULL',
  repairs: { reported_cost_usd: 'cost_parts' },
}

const costPartsDiffer: TokenRule = {
  name: 'cost_parts_differ',
  when: 'abs(reported_cost_usd - cost_parts) > 0.000001 + 0.01 * reported_cost_usd',
}

/**
 * The typed records as the rules leave them: each rule a boolean column of its name beside them.
 * @param typed SELECT of the layer of `typedColumns`
 */
export function ruledSql(
  typed: string,
  plan: ReadPlan,
  options: ReadOptions,
  has: (field: CallField) => boolean,
): string {
  const rules = tokenRules(plan, options, has)
  const isCacheRule = ({ name }: TokenRule): boolean => name.startsWith('cache_tokens_')
  const before = [conventions(plan, has), ...rules.filter(isCacheRule).flatMap(layersOf)]
  const asked = asksCacheReading(plan, options, has) ? [cacheReading(plan)] : []
  const after = rules.filter((rule) => !isCacheRule(rule)).flatMap(layersOf)
  return [...before, ...asked, ...after].reduce((from, layer) => `SELECT ${layer} FROM (${from})`, typed)
}

/** A rule is decided in one layer and acts in the next, so that it is decided once. */
function layersOf({ name, when, repairs }: TokenRule): string[] {
  const acts = Object.entries(repairs ?? {}).map(
    ([column, sql]) => `CASE WHEN ${name} THEN ${sql} ELSE ${column} END AS ${column}`,
  )
  return [
    `*, coalesce(${when}, false) AS ${name}`,
    ...(acts.length === 0 ? [] : [`* REPLACE (${acts.join(', ')})`]),
  ]
}

/** What is the same in every source, and needs no rule. */
function conventions(plan: ReadPlan, has: (field: CallField) => boolean): string {
  const error = "CASE WHEN lower(error) = 'false' THEN NULL ELSE error END"
  const replaced = [
    'coalesce(feature, endpoint) AS feature',
    `left(${error}, 200) AS error`,
    ...(has('cache_creation_1h_input_tokens')
      ? [
          `CASE WHEN cache_creation_input_tokens IS NOT NULL OR cache_creation_1h_input_tokens IS NOT NULL THEN ${write} END AS cache_creation_input_tokens`,
        ]
      : []),
  ]
  const status = casts.status('raw_status', error, (has('status') || has('error')) && plan.settled !== true)
  return `* REPLACE (${replaced.join(', ')}), ${status} AS status`
}

/**
 * Of a record with cached tokens: which reading its own counts prove, else that it is open; and its shape,
 * the names that bear on it. The habit of a shape is found where all its records are (cache-habits.ts).
 */
function cacheReading(plan: ReadPlan): string {
  const inside = plan.totalTokens === undefined ? '' : ` WHEN ${totalSaysInside} THEN 'included'`
  return `*, CASE WHEN ${cached} > 0 THEN CASE WHEN cache_tokens_beside THEN 'excluded'${inside} ELSE 'open' END END AS cache_reading`
}
