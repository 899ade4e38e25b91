/**
 * Rules that bring token conventions and costs to ours, each with a name. A rule is built only where the source
 * has the fields that it speaks of; each sees the columns as the rules before left them.
 */
import type { CallField } from '../../domain/call.js'
import type { ReadPlan } from '../../importers/importer.js'
import type { ReadOptions } from '../options.js'
import type { RepairRule } from './repairs.js'
import { beyond, cached, input, output, reasoning, tools, totalSaysBeside } from './token-terms.js'

/** A column that a rule may change. */
type Repaired = 'input_tokens' | 'output_tokens' | 'reported_cost_usd' | 'unread_usage'

export interface TokenRule {
  /** A rule that is counted, or what merely is the source's convention. */
  readonly name: RepairRule | 'cache_tokens_beside' | 'total_tokens_beyond'
  /** SQL: true for the records that it applies to; NULL is false. */
  readonly when: string
  /** SQL of what it makes of a column; absent where it only raises a doubt. */
  readonly repairs?: Readonly<Partial<Record<Repaired, string>>>
}

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
  (plan.cacheTokensCertain !== true || plan.cacheTokensOpen !== undefined) &&
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
    ...(total ? [totalTokensBeyond(plan, options), totalTokensDiffer(repairs)] : []),
    ...(plan.costParts?.length ? [costFromParts, costPartsDiffer] : []),
    ...(plan.tierTakenFor === undefined ? [] : [tierTaken[plan.tierTakenFor]]),
  ]
}

/** What a key named `tier` alone, or a mode under another name, was taken for. */
const tierTaken: Readonly<Record<'label' | 'service tier' | 'mode', TokenRule>> = {
  label: { name: 'tier_is_label', when: "tags['tier'] IS NOT NULL" },
  'service tier': {
    name: 'tier_is_service_tier',
    when: "service_tier IS NOT NULL AND service_tier <> 'standard'",
  },
  mode: {
    name: 'mode_is_service_tier',
    when: "service_tier IS NOT NULL AND service_tier <> 'standard'",
  },
}

function cacheRules(plan: ReadPlan, options: ReadOptions, has: (field: CallField) => boolean): TokenRule[] {
  const { cacheTokens: given } = options
  const total = plan.totalTokens !== undefined
  const repairs = { input_tokens: `${input} + ${cached}` }
  if (plan.cacheTokensBeside !== undefined && plan.cacheTokensCertain && given === undefined)
    return mixedCacheRules(repairs, plan.cacheTokensOpen !== undefined)
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
  const inside = total && given === undefined && plan.cacheTokensCertain !== true
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

/**
 * Of a source with records of both kinds each record's own kind counts, unless its figures say otherwise.
 * @param open the kind of some is open
 */
function mixedCacheRules(repairs: TokenRule['repairs'] & {}, open: boolean): TokenRule[] {
  const certain = open ? 'cache_beside AND NOT cache_open' : 'cache_beside'
  const inside = `${certain} AND NOT ${beyond} AND total_tokens = ${input} + ${output}`
  return [
    { name: 'cache_tokens_included', when: `${cached} > 0 AND ${inside}` },
    {
      name: 'cache_tokens_beside',
      when: `${cached} > 0 AND ((${certain} AND NOT cache_tokens_included)${open ? ` OR (cache_open AND (${beyond} OR ${totalSaysBeside}))` : ''})`,
      repairs,
    },
    {
      name: 'cache_tokens_added',
      when: `${cached} > 0 AND NOT cache_beside${open ? ' AND NOT cache_open' : ''} AND (${beyond} OR ${totalSaysBeside})`,
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

/** How what a total has beyond input and output is named. */
export const beyondTotal = 'total_tokens beyond input and output'

/** Tokens that a total has beyond input and output, and no part explains, have no price. */
function totalTokensBeyond(plan: ReadPlan, options: ReadOptions): TokenRule {
  const again = options.cacheTokens === 'included' || plan.cacheTokensCertain
  const explained = again ? ` AND total_tokens <> ${input} + ${output} + ${cached}` : ''
  return {
    name: 'total_tokens_beyond',
    when: `total_tokens > ${input} + ${output} AND (input_tokens IS NOT NULL OR output_tokens IS NOT NULL)${explained}`,
    repairs: { unread_usage: `concat_ws('; ', unread_usage, '${beyondTotal}')` },
  }
}

/** A total may leave out what was added: cached tokens beside the input, reasoning beside the output. */
function totalTokensDiffer(rules: readonly TokenRule[]): TokenRule {
  const added = (names: readonly TokenRule['name'][], tokens: string): string => {
    const found = names.filter((name) => rules.some((rule) => rule.name === name))
    return found.length === 0 ? '0' : `CASE WHEN ${found.join(' OR ')} THEN ${tokens} ELSE 0 END`
  }
  const cachedBeside = added(['cache_tokens_added', 'cache_tokens_beside'], cached)
  const reasoningBeside = added(['reasoning_added'], reasoning)
  const sum = `${input} + ${output}`
  const sums = [
    `${sum} - ${cachedBeside}`,
    `${sum} - ${reasoningBeside}`,
    `${sum} - ${cachedBeside} - ${reasoningBeside}`,
  ]
  return {
    name: 'total_tokens_differ',
    when: `total_tokens > 0 AND total_tokens < ${sum} AND total_tokens NOT IN (${sums.join(', ')})`,
  }
}

const costFromParts: TokenRule = {
  name: 'cost_from_parts',
  when: 'reported_cost_usd IS NULL AND cost_parts IS NOT NULL',
  repairs: { reported_cost_usd: 'cost_parts' },
}

const costPartsDiffer: TokenRule = {
  name: 'cost_parts_differ',
  // Wide, for what is refused only after it was compared.
  when: 'abs(CAST(reported_cost_usd AS DECIMAL(24,12)) - cost_parts) > 0.000001 + 0.01 * CAST(reported_cost_usd AS DECIMAL(24,12))',
}
