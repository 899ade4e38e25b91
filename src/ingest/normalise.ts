/**
 * The SELECT that turns the records of a source into checked, typed calls: one row a record, in file
 * order, with `state` call, skip or reject. Built from an importer's plan; all importers share it.
 */
import { callColumns, callFields, type CallField } from '../domain/call.js'
import { pricedColumnNames } from '../pricing/price-sql.js'
import { literal, type ReadPlan } from '../importers/importer.js'
import * as casts from './casts.js'
import { comparableFinishReason, finishReason } from './finish-reason.js'
import type { ReadOptions } from './options.js'

/** A relation with the columns of a source: `text` for JSON lines, `c0 … cN` for CSV. */
export interface SourceRelation {
  readonly sql: string
  readonly kind: 'json' | 'csv'
  /** CSV column names, in order. */
  readonly header: readonly string[]
}

/** Named rules that repair a record or raise a doubt; each is a boolean column, counted by file. */
export const repairRules = {
  cache_tokens_added: 'input tokens did not include cached ones; they were added',
  cache_tokens_included: 'input tokens already included cached ones',
  reasoning_added: 'output tokens did not include reasoning; it was added',
  total_tokens_differ: "the record's own total of tokens is another number",
  cost_from_parts: 'no cost was given; its parts were added up',
  cost_parts_differ: "the record's parts of the cost do not add up to its cost",
  measure_dropped: 'a latency, limit, temperature or score was impossible and left empty',
  label_cut: `a label longer than ${casts.labelLimit} characters was cut`,
  future_time: 'the call is dated after now',
} as const

export type RepairRule = keyof typeof repairRules

/** Columns of `calls` that come later: from pricing and from where the record stands. */
const unstaged: readonly string[] = [...pricedColumnNames, 'source', 'file_id', 'line']

const tokenFields = [
  'input_tokens',
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
  'cache_creation_1h_input_tokens',
  'output_tokens',
  'reasoning_output_tokens',
  'input_audio_tokens',
  'output_audio_tokens',
  'web_search_requests',
] as const

const measures: Readonly<Record<string, readonly [number, number]>> = {
  latency_ms: [0, 1e9],
  ttft_ms: [0, 1e9],
  temperature: [0, 100],
  quality_score: [-1e9, 1e9],
  groundedness: [-1e9, 1e9],
  retrieval_score: [-1e9, 1e9],
}

const limits = ['max_tokens', 'attempt'] as const

const labels = [
  'call_id',
  'provider',
  'request_model',
  'response_model',
  'operation',
  'feature',
  'endpoint',
  'user_id',
  'customer',
  'session_id',
  'trace_id',
  'team',
  'environment',
  'prompt_hash',
  'prompt_name',
  'error',
  'cache_type',
] as const

type Columns = [name: string, sql: string][]

const select = (columns: Columns, from: string): string =>
  `SELECT ${columns.map(([name, sql]) => (name === sql ? name : `${sql} AS ${name}`)).join(',\n  ')}\nFROM ${from}`

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
  reject_text: 'VARCHAR',
  ...Object.fromEntries(Object.keys(repairRules).map((rule) => [rule, 'BOOLEAN'])),
}

/**
 * @param plan the importer's plan for this source
 * @param allRecords true when every line is known to be a JSON object: it need not be asked again
 * @returns SQL with some of `stagedColumns`, one row a record
 */
export function normaliseSql(
  source: SourceRelation,
  plan: ReadPlan,
  options: ReadOptions,
  now: Date,
  allRecords = false,
): string {
  const raw = rawFields(source, plan, options)
  const has = (field: CallField): boolean => raw.has(field)
  const fields = select(
    [
      ['text', 'text'],
      [
        'skip',
        plan.isCall === undefined
          ? 'not_a_record'
          : `(not_a_record OR (${plan.isCall}) IS NOT TRUE AND readable)`,
      ],
      ['refusal', refusal(source, plan)],
      ...[...raw].map(([field, sql]): [string, string] => [`raw_${field}`, sql]),
      ['tags', plan.tags ?? 'CAST(NULL AS MAP(VARCHAR, VARCHAR))'],
      ['revision_id', plan.revisionId ?? 'CAST(NULL AS VARCHAR)'],
      [
        'total_tokens',
        plan.totalTokens === undefined ? 'CAST(NULL AS BIGINT)' : casts.whole(plan.totalTokens),
      ],
      ['cost_parts', costParts(plan)],
    ],
    documentSql(source, plan, allRecords),
  )
  const typed = select([...passed, ...typedColumns(raw, options, plan)], `(${fields})`)
  const ruled = select(ruledColumns(plan, options, has), `(${typed})`)
  return select(checkedColumns(plan, options, has, now), `(${ruled})`)
}

const passed: Columns = ['text', 'skip', 'refusal', 'tags', 'revision_id', 'total_tokens'].map((name) => [
  name,
  name,
])

/** FROM item: the source's records with their documents parsed, addressed through `doc`. */
function documentSql(source: SourceRelation, plan: ReadPlan, allRecords: boolean): string {
  if (source.kind === 'csv') {
    const id = plan.fields.call_id
    // The record's content is needed for the hash of records without an id, and of rejected ones.
    const text =
      id === undefined
        ? csvText(source.header)
        : `CASE WHEN coalesce(${id}, '') = '' THEN ${csvText(source.header)} ELSE ${id} END`
    const records = `SELECT ${text} AS text, reject IS NULL OR reject = '' AS readable, ${repeatedHeader(source.header)} AS not_a_record, * FROM (${source.sql})`
    return `(${withEmbedded(records, plan.document)}) `
  }
  // Nearly every line begins with its brace; trimming all would copy all.
  const texts = allRecords
    ? `SELECT text, false AS not_a_record, true AS readable FROM (${source.sql})`
    : `SELECT text,
    CASE WHEN text IS NULL THEN true WHEN starts_with(text, '{') THEN false ELSE trim(text, chr(32) || chr(9)) = '' END AS not_a_record,
    CASE WHEN text IS NULL THEN false WHEN starts_with(text, '{') THEN json_valid(text)
      ELSE json_valid(text) AND starts_with(ltrim(text, chr(32) || chr(9)), '{') END AS readable
    FROM (${source.sql})`
  return `(${withEmbedded(`SELECT *, ${parsed(allRecords ? 'true' : 'readable', 'text', plan.document, 'doc')} FROM (${texts})`, plan.document)})`
}

function parsed(condition: string, text: string, document: ReadPlan['document'], name: string): string {
  return `CASE WHEN ${condition} THEN json_transform(${text}, ${literal(JSON.stringify(document.structure))}) END AS ${name}`
}

function withEmbedded(records: string, document: ReadPlan['document']): string {
  let sql = records
  for (const part of document.embeddedDocuments) {
    sql = withEmbedded(
      `SELECT *, ${parsed(`json_valid(${part.text})`, part.text, part.document, part.name)} FROM (${sql})`,
      part.document,
    )
  }
  return sql
}

/** A CSV record's content in one text, for its hash: absent and empty are one, as in the file. */
function csvText(header: readonly string[]): string {
  return `concat_ws(chr(31), ${header.map((_, i) => `coalesce(c${i}, '')`).join(', ')})`
}

function repeatedHeader(header: readonly string[]): string {
  return `coalesce(${header.map((name, i) => `c${i} = ${literal(name)}`).join(' AND ')}, false)`
}

function rawFields(source: SourceRelation, plan: ReadPlan, options: ReadOptions): Map<string, string> {
  const raw = new Map<string, string>()
  for (const field of callFields) {
    const path = options.map[field]
    const value = options.set[field]
    const from = path === undefined ? plan.fields[field] : pathSql(path, source)
    if (from === undefined && value === undefined) continue
    raw.set(
      field,
      value === undefined
        ? from!
        : from === undefined
          ? literal(value)
          : `coalesce(nullif(${from}, ''), ${literal(value)})`,
    )
  }
  return raw
}

/** SQL for a `--map` path: a column or key of that very name, else dots reach inwards. */
function pathSql(path: string, source: SourceRelation): string {
  const pointer = (keys: readonly string[]): string =>
    literal('/' + keys.map((k) => k.replaceAll('~', '~0').replaceAll('/', '~1')).join('/'))
  const steps = path.split('.')
  if (source.kind === 'json') {
    const inward = `json_extract_string(text, ${pointer(steps)})`
    const flat = `json_extract_string(text, ${pointer([path])})`
    return `CASE WHEN readable THEN ${steps.length > 1 ? `coalesce(${flat}, ${inward})` : flat} END`
  }
  const column = (name: string): number =>
    source.header.findIndex((h) => h.trim().toLowerCase() === name.toLowerCase())
  if (column(path) >= 0) return `c${column(path)}`
  const index = column(steps[0]!)
  if (index < 0) return 'CAST(NULL AS VARCHAR)'
  return `CASE WHEN json_valid(c${index}) THEN json_extract_string(c${index}, ${pointer(steps.slice(1))}) END`
}

function refusal(source: SourceRelation, plan: ReadPlan): string {
  const cases = (plan.refusals ?? []).map((r) => `WHEN ${r.when} THEN ${literal(r.reason)}`)
  if (source.kind === 'csv') return `CASE WHEN NOT readable THEN reject ${cases.join(' ')} END`
  return `CASE WHEN NOT readable THEN CASE WHEN starts_with(text, chr(31) || 'reject:') THEN substr(text, 9)
      WHEN json_valid(text) THEN 'not a JSON object' ELSE 'not JSON' END ${cases.join(' ')} END`
}

function costParts(plan: ReadPlan): string {
  if (plan.costParts === undefined || plan.costParts.length === 0) return 'CAST(NULL AS DECIMAL(18,12))'
  return plan.costParts.map(casts.cost).join(' + ')
}

/** Texts as values, with each value's problem or repair beside it. */
function typedColumns(raw: ReadonlyMap<string, string>, options: ReadOptions, plan: ReadPlan): Columns {
  const has = (field: string): boolean => raw.has(field)
  const rawName = (field: string): string => `raw_${field}`
  const problems: string[] = []
  /** Conditions under which no problem need be looked for. */
  const fine: string[] = []
  const drops: string[] = []
  const cuts: string[] = []
  const out: Columns = []
  const add = (field: string, sql: string, type = 'VARCHAR'): void => {
    out.push([field, has(field) ? sql : `CAST(NULL AS ${type})`])
  }
  const ts = has('ts')
    ? casts.moment('raw_ts', options.baseTime, plan.relativeTimeUnit ?? 's')
    : 'CAST(NULL AS TIMESTAMP)'
  out.push(
    ['ts', ts],
    ['ts_problem', has('ts') ? casts.momentProblem('raw_ts', 'ts', options.baseTime) : "'ts: missing'"],
  )
  for (const field of labels) {
    add(field, casts.label(rawName(field)))
    if (has(field)) cuts.push(`strlen(${rawName(field)}) > ${casts.labelLimit}`)
  }
  for (const field of tokenFields) {
    add(field, casts.whole(rawName(field)), 'BIGINT')
    if (!has(field)) continue
    fine.push(casts.wholeFine(rawName(field), field))
    problems.push(casts.wholeProblem(field, rawName(field), field))
  }
  add('reported_cost_usd', casts.cost('raw_reported_cost_usd'), 'DECIMAL(18,12)')
  if (has('reported_cost_usd')) {
    fine.push(casts.costFine('raw_reported_cost_usd', 'reported_cost_usd'))
    problems.push(casts.costProblem('cost_usd', 'raw_reported_cost_usd', 'reported_cost_usd'))
  }
  for (const [field, [low, high]] of Object.entries(measures)) {
    add(field, casts.measure(rawName(field), low, high), 'DOUBLE')
    if (has(field)) drops.push(casts.dropped(rawName(field), field))
  }
  for (const field of limits) {
    add(
      field,
      `CASE WHEN TRY_CAST(raw_${field} AS DOUBLE) BETWEEN 1 AND 1e9 AND TRY_CAST(raw_${field} AS DOUBLE) = ${casts.whole(rawName(field))} THEN ${casts.whole(rawName(field))} END`,
      'BIGINT',
    )
    if (has(field)) drops.push(casts.dropped(rawName(field), field))
  }
  add('user_feedback', casts.feedback('raw_user_feedback'), 'DOUBLE')
  if (has('user_feedback')) drops.push(casts.dropped('raw_user_feedback', 'user_feedback'))
  const finish = has('finish_reason') ? comparableFinishReason('raw_finish_reason') : 'CAST(NULL AS VARCHAR)'
  out.push(['finish_comparable', finish])
  add('cache_hit', casts.truth('raw_cache_hit'), 'BOOLEAN')
  if (has('cache_hit')) {
    fine.push('(raw_cache_hit IS NULL OR cache_hit IS NOT NULL)')
    problems.push(casts.truthProblem('cache_hit', 'raw_cache_hit', 'cache_hit'))
  }
  add('service_tier', casts.serviceTier('raw_service_tier'))
  out.push(['raw_status', has('status') ? 'raw_status' : 'CAST(NULL AS VARCHAR)'])
  out.push(['cost_parts', 'cost_parts'])
  out.push([
    'value_problem',
    problems.length === 0
      ? 'CAST(NULL AS VARCHAR)'
      : `CASE WHEN ${fine.join(' AND ')} THEN NULL ELSE coalesce(${problems.join(',\n')}, NULL) END`,
  ])
  out.push(['measure_dropped', drops.length === 0 ? 'false' : `(${drops.join(' OR ')})`])
  out.push(['label_cut', cuts.length === 0 ? 'false' : `coalesce(${cuts.join(' OR ')}, false)`])
  return out
}

/** Token conventions and costs brought to ours, each by a named rule. */
function ruledColumns(plan: ReadPlan, options: ReadOptions, has: (field: CallField) => boolean): Columns {
  const given = options.cacheTokens
  const read = 'coalesce(cache_read_input_tokens, 0)'
  const write =
    'greatest(coalesce(cache_creation_input_tokens, 0), coalesce(cache_creation_1h_input_tokens, 0))'
  const input = 'coalesce(input_tokens, 0)'
  const output = 'coalesce(output_tokens, 0)'
  const cached =
    has('cache_read_input_tokens') ||
    has('cache_creation_input_tokens') ||
    has('cache_creation_1h_input_tokens')
  const habit = given ?? plan.cacheTokens
  const beyond = `${read} + ${write} > ${input}`
  const saysExcluded = `total_tokens = ${input} + ${read} + ${write} + ${output} AND ${read} + ${write} > 0`
  const saysIncluded = `total_tokens = ${input} + ${output} AND ${read} + ${write} > 0`
  const excluded = !cached
    ? 'false'
    : habit === 'excluded'
      ? given === 'excluded'
        ? 'true'
        : `NOT coalesce(${saysIncluded} AND NOT (${beyond}), false)`
      : `coalesce(${beyond} OR ${given === 'included' ? 'false' : saysExcluded}, false)`
  const reasoningApart = has('reasoning_output_tokens')
    ? `coalesce(reasoning_output_tokens > ${output} OR (reasoning_output_tokens > 0 AND total_tokens = ${input} + ${output} + reasoning_output_tokens), false)`
    : 'false'
  const kept = [
    'text',
    'skip',
    'refusal',
    'tags',
    'revision_id',
    'ts',
    'ts_problem',
    'value_problem',
    'measure_dropped',
    'label_cut',
    ...labels.filter((l) => l !== 'feature' && l !== 'error'),
    ...Object.keys(measures),
    ...limits,
    'user_feedback',
    'cache_read_input_tokens',
    'cache_creation_1h_input_tokens',
    'reasoning_output_tokens',
    'input_audio_tokens',
    'output_audio_tokens',
    'web_search_requests',
    'service_tier',
    'finish_comparable',
    'total_tokens',
    'cost_parts',
  ]
  const addsReasoning = `CASE WHEN ${reasoningApart} THEN reasoning_output_tokens ELSE 0 END`
  const addsCached = `CASE WHEN ${excluded} THEN ${read} + ${write} ELSE 0 END`
  const oneHour = has('cache_creation_1h_input_tokens')
  return [
    ...kept.map((name): [string, string] => [name, name]),
    ['feature', 'coalesce(feature, endpoint)'],
    ['error', "CASE WHEN lower(error) = 'false' THEN NULL ELSE left(error, 200) END"],
    ['cache_hit', 'cache_hit'],
    [
      'input_tokens',
      cached
        ? `CASE WHEN input_tokens IS NULL AND ${read} + ${write} = 0 THEN NULL ELSE ${input} + ${addsCached} END`
        : 'input_tokens',
    ],
    [
      'cache_creation_input_tokens',
      oneHour
        ? `CASE WHEN cache_creation_input_tokens IS NULL AND cache_creation_1h_input_tokens IS NULL THEN NULL ELSE ${write} END`
        : 'cache_creation_input_tokens',
    ],
    ['output_tokens', has('reasoning_output_tokens') ? `output_tokens + ${addsReasoning}` : 'output_tokens'],
    [
      'reported_cost_usd',
      plan.costParts?.length ? 'coalesce(reported_cost_usd, cost_parts)' : 'reported_cost_usd',
    ],
    [
      'status',
      casts.status(
        'raw_status',
        "CASE WHEN lower(error) = 'false' THEN NULL ELSE error END",
        has('status') || has('error'),
      ),
    ],
    ['cache_tokens_added', habit === 'excluded' ? 'false' : `${excluded} AND ${read} + ${write} > 0`],
    ['cache_tokens_included', habit === 'excluded' && cached ? `NOT (${excluded})` : 'false'],
    ['reasoning_added', reasoningApart],
    [
      'total_tokens_differ',
      plan.totalTokens === undefined
        ? 'false'
        : `coalesce(total_tokens NOT IN (${input} + ${output}, ${input} + ${output} + ${read} + ${write}, ${input} + ${output} + coalesce(reasoning_output_tokens, 0)) AND (input_tokens IS NOT NULL OR output_tokens IS NOT NULL), false)`,
    ],
    [
      'cost_from_parts',
      plan.costParts?.length ? 'reported_cost_usd IS NULL AND cost_parts IS NOT NULL' : 'false',
    ],
    [
      'cost_parts_differ',
      plan.costParts?.length
        ? 'coalesce(abs(reported_cost_usd - cost_parts) > 0.000001 + 0.01 * reported_cost_usd, false)'
        : 'false',
    ],
  ]
}

/** The verdict on each record, and the columns that staging keeps. */
function checkedColumns(
  plan: ReadPlan,
  options: ReadOptions,
  has: (field: CallField) => boolean,
  now: Date,
): Columns {
  const nothing = `input_tokens IS NULL AND output_tokens IS NULL AND reported_cost_usd IS NULL AND status IS DISTINCT FROM 'error' AND cache_hit IS NOT TRUE`
  const reason = `CASE
    WHEN skip THEN NULL
    WHEN refusal IS NOT NULL THEN refusal
    WHEN ts_problem IS NOT NULL THEN ts_problem
    WHEN value_problem IS NOT NULL THEN value_problem
    WHEN ${nothing} THEN CASE WHEN total_tokens IS NOT NULL THEN 'only a total of tokens: input_tokens and output_tokens are needed'
      ELSE 'neither tokens nor a cost' END
    WHEN coalesce(cache_read_input_tokens, 0) + coalesce(cache_creation_input_tokens, 0) > coalesce(input_tokens, 0) THEN 'cache tokens beyond input_tokens'
    WHEN input_tokens > ${casts.tokenLimit} OR output_tokens > ${casts.tokenLimit} THEN 'tokens: above 1,000,000,000'
    END`
  const hash = `CASE WHEN skip THEN NULL WHEN call_id IS NULL OR reason IS NOT NULL THEN md5(text) END`
  const rules = ruledColumns(plan, options, has)
  const isConstant = (rule: string): boolean =>
    ['false', undefined].includes(rules.find(([name]) => name === rule)?.[1])
  return [
    ...callColumns
      .map((c) => c.name)
      .filter((name) => isFilled(name, plan, has))
      .map((name): [string, string] => [name, filled[name] ?? name]),
    ['reason', reason],
    ['line_hash', hash],
    ['state', `CASE WHEN skip THEN 'skip' WHEN reason IS NOT NULL THEN 'reject' ELSE 'call' END`],
    ['reject_text', `CASE WHEN NOT skip AND reason IS NOT NULL THEN left(text, 1000) END`],
    ['future_time', `ts > TIMESTAMP '${now.toISOString().replace('T', ' ').replace('Z', '')}'`],
    ...['measure_dropped', 'label_cut'].map((rule): [string, string] => [rule, rule]),
    ...Object.keys(repairRules)
      .filter((rule) => !isConstant(rule) && !['future_time', 'measure_dropped', 'label_cut'].includes(rule))
      .map((rule): [string, string] => [rule, rule]),
  ]
}

/** Columns that are worked out here and not taken over. */
const filled: Readonly<Record<string, string>> = {
  model: 'coalesce(response_model, request_model)',
  finish_reason: finishReason('finish_comparable'),
}

/** Fields from which a column is filled, where they are not the column's own. */
const filledFrom: Readonly<Record<string, readonly CallField[]>> = {
  feature: ['feature', 'endpoint'],
  model: ['response_model', 'request_model'],
  status: ['status', 'error'],
  cache_creation_input_tokens: ['cache_creation_input_tokens', 'cache_creation_1h_input_tokens'],
}

function isFilled(name: string, plan: ReadPlan, has: (field: CallField) => boolean): boolean {
  if (name === 'call_id' || name === 'ts') return true
  if (name === 'tags') return plan.tags !== undefined
  if (name === 'revision_id') return plan.revisionId !== undefined
  if (name === 'reported_cost_usd' && plan.costParts?.length) return true
  return (filledFrom[name] ?? [name as CallField]).some(has)
}
