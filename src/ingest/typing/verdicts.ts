/** The last layer: the verdict on each record, and the columns that staging keeps. */
import { quoteTimestamp } from '../../domain/words/quoting.js'
import { callColumns, pricedColumnNames, type CallField } from '../../domain/call.js'
import type { ReadPlan } from '../../importers/importer.js'
import * as casts from './casts.js'
import type { Columns } from './columns.js'
import { finishReason } from './finish-reason.js'
import type { ReadOptions } from '../options.js'
import { repairRules } from './repairs.js'
import { asksCacheReading, tokenRules } from './token-rules.js'
import { hasUnits } from './typed-columns.js'

/** Columns of `calls` that come later: from pricing and from where the record stands. */
const unstaged: readonly string[] = [...pricedColumnNames, 'source', 'file_id', 'line']

/**
 * Columns that staged records may have, with their types. A source fills those that it has fields for; the
 * others are not even written.
 */
export const stagedColumns: Readonly<Record<string, string>> = {
  source: 'VARCHAR',
  ...Object.fromEntries(callColumns.filter((c) => !unstaged.includes(c.name)).map((c) => [c.name, c.type])),
  reason: 'VARCHAR',
  line_hash: 'VARCHAR',
  state: 'VARCHAR',
  reject_fields: 'VARCHAR',
  reject_text: 'VARCHAR',
  parent_span: 'VARCHAR',
  span_ids: 'VARCHAR[]',
  place: 'BIGINT',
  ...Object.fromEntries(Object.keys(repairRules).map((rule) => [rule, 'BOOLEAN'])),
}

/** Of records of a trace: the names of the record above them, and of themselves. */
export const spanColumns = ['parent_span', 'span_ids'] as const

/** What is billed by other units than tokens (a rerank by searches, a transcript by seconds) is a call all the same. */
const otherUnits = String.raw`(?:^|; |\.)(?:search_units|usage\.seconds)(?:;|$)`

/**
 * The verdict on each record, and the columns that staging keeps.
 * @param content SQL for the whole record as one text
 * @param keepsText texts of rejected records are kept
 */
export function checkedColumns(
  plan: ReadPlan,
  options: ReadOptions,
  has: (field: CallField) => boolean,
  now: Date,
  content: string,
  keepsText: boolean,
): Columns {
  const nothing = plan.callsMayLackUsage
    ? 'false'
    : `input_tokens IS NULL AND output_tokens IS NULL AND total_tokens IS NULL AND reported_cost_usd IS NULL AND status IS DISTINCT FROM 'error' AND cache_hit IS NOT TRUE${plan.unread === undefined ? '' : ` AND NOT coalesce(regexp_matches(unread_usage, '${otherUnits}'), false)`}`
  const reason = `CASE
    WHEN skip THEN NULL
    WHEN refusal IS NOT NULL THEN refusal
    WHEN ts_problem IS NOT NULL THEN ts_problem
    WHEN value_problem IS NOT NULL THEN value_problem
    WHEN ${nothing} THEN ${hasUnits(plan, options) ? `CASE WHEN contains(unread_usage, 'currency=') THEN 'cost_usd: in another currency, and no rate is given' ELSE 'neither tokens nor a cost' END` : "'neither tokens nor a cost'"}
    WHEN coalesce(cache_read_input_tokens, 0) + coalesce(cache_creation_input_tokens, 0) > coalesce(input_tokens, 0) THEN 'cache tokens beyond input_tokens'
    WHEN input_tokens > ${casts.tokenLimit} OR output_tokens > ${casts.tokenLimit} OR total_tokens > ${2 * casts.tokenLimit} THEN 'tokens: above 1,000,000,000'
    END`
  const whole = `md5(${content})`
  const same = plan.sameBy?.filter(has).map((field) => `coalesce(CAST(${field} AS VARCHAR), '')`)
  const own = same === undefined ? whole : `md5(concat_ws(chr(31), ${same.join(', ')}))`
  const hash = `CASE WHEN skip THEN NULL WHEN reason IS NOT NULL THEN ${whole} WHEN call_id IS NULL THEN ${own} END`
  const hasTags =
    plan.tags !== undefined ||
    [...Object.keys(options.map), ...Object.keys(options.set)].some((name) => name.startsWith('tag.'))
  const rules = new Set<string>(tokenRules(plan, options, has).map(({ name }) => name))
  return [
    ...callColumns
      .map((c) => c.name)
      .filter((name) => isFilled(name, plan, options, has, hasTags))
      .map((name): [string, string] => [name, filled[name] ?? name]),
    ['reason', reason],
    ['line_hash', hash],
    ['state', `CASE WHEN skip THEN 'skip' WHEN reason IS NOT NULL THEN 'reject' ELSE 'call' END`],
    [
      'reject_fields',
      `CASE WHEN NOT skip AND reason IS NOT NULL THEN CASE WHEN json_valid(${content}) THEN left(array_to_string(json_keys(${content}), ', '), 300) END END`,
    ],
    // What is staged may be spilled to the disk: a record's text, which may be a prompt, is not.
    ...(keepsText
      ? [
          ['reject_text', `CASE WHEN NOT skip AND reason IS NOT NULL THEN left(${content}, 1000) END`] as [
            string,
            string,
          ],
        ]
      : []),
    ['future_time', `ts > ${quoteTimestamp(now.toISOString())}`],
    ...['measure_dropped', 'label_cut', ...Object.keys(repairRules).filter((rule) => rules.has(rule))].map(
      (rule): [string, string] => [rule, rule],
    ),
  ]
}

/** What a call is priced as, where no record has a word of its own for it: the first that is there. */
export const modelNames = ['response_model', 'request_model'] as const

/** Columns that are worked out here and not taken over. */
const filled: Readonly<Record<string, string>> = {
  model: `coalesce(said_model, ${modelNames.join(', ')})`,
  cache_shape: 'CASE WHEN cache_reading IS NOT NULL THEN cache_shape END',
  // An answer out of a response cache carries the id of the call that it was made by.
  id_kind: "CASE WHEN call_id IS NULL THEN NULL WHEN cache_hit IS TRUE THEN 'any' ELSE id_kind END",
  finish_reason: finishReason('finish_comparable'),
  total_tokens:
    'CASE WHEN input_tokens IS NULL AND output_tokens IS NULL THEN total_tokens ELSE coalesce(input_tokens, 0) + coalesce(output_tokens, 0) END',
}

/** Fields from which a column is filled, where they are not the column's own. */
const filledFrom: Readonly<Record<string, readonly CallField[]>> = {
  feature: ['feature', 'endpoint'],
  model: modelNames,
  status: ['status', 'error'],
  cache_creation_input_tokens: ['cache_creation_input_tokens', 'cache_creation_1h_input_tokens'],
  // Reasoning alone is the output; cached tokens alone are the input.
  output_tokens: ['output_tokens', 'reasoning_output_tokens'],
  input_tokens: [
    'input_tokens',
    'cache_read_input_tokens',
    'cache_creation_input_tokens',
    'cache_creation_1h_input_tokens',
  ],
}

function isFilled(
  name: string,
  plan: ReadPlan,
  options: ReadOptions,
  has: (field: CallField) => boolean,
  hasTags: boolean,
): boolean {
  if (name === 'call_id' || name === 'ts') return true
  // Else it is one of the other two, and `located` says which: a text less for each row.
  if (name === 'model') return plan.model !== undefined && modelNames.some(has)
  if (name === 'total_tokens')
    return has('input_tokens') || has('output_tokens') || plan.totalTokens !== undefined
  if (name === 'cache_reading' || name === 'cache_shape') return asksCacheReading(plan, options, has)
  // What the total leaves beside the input is output.
  if (name === 'output_tokens' && plan.totalTokens !== undefined) return true
  if (name === 'unread_usage')
    return (
      plan.unread !== undefined ||
      plan.linesInWords === true ||
      plan.totalTokens !== undefined ||
      (has('reported_cost_usd') && hasUnits(plan, options))
    )
  if (name === 'tags') return hasTags
  if (name === 'request_ids') return plan.requestIds !== undefined
  if (name === 'revision_id') return plan.revisionId !== undefined
  if (name === 'id_kind') return plan.idKind !== undefined || has('cache_hit')
  if (name === 'logged_id') return false
  if (name === 'reported_cost_usd' && plan.costParts?.length) return true
  return (filledFrom[name] ?? [name as CallField]).some(has)
}
