import { allWrites } from '../bodies/counts.js'
import { Document, firstOf } from '../document.js'
import { isObject } from '../sample-values.js'
import type { Importer, ReadPlan } from '../importer.js'
import type { Survey } from '../survey.js'
import { standsForItself, tagsOf } from '../made-records.js'

type Values = Readonly<Record<string, unknown>>

const isRun = (r: unknown): boolean =>
  isObject(r) &&
  'run_type' in r &&
  ['trace_id', 'dotted_order', 'parent_run_id', 'child_run_ids'].some((key) => key in r)

/** Where a page has its runs: the first interface's, and the second's. */
const lists = ['runs', 'items', 'data'] as const

const runsIn = (r: Values): readonly unknown[] =>
  (lists.map((name) => r[name]).find((list) => Array.isArray(list) && list.some(isRun)) as
    | readonly unknown[]
    | undefined) ?? [r]

/** Inputs and outputs are what people wrote; of the outputs the usage is kept. */
const content = JSON.stringify({
  inputs: null,
  outputs: null,
  events: null,
  serialized: null,
  inputs_preview: null,
  outputs_preview: null,
  messages: null,
  manifest: null,
  attachments: null,
})

/** What a bulk export writes as the text of an object. */
const objects = [
  'extra',
  'outputs',
  'usage_metadata',
  'prompt_token_details',
  'completion_token_details',
  'prompt_cost_details',
  'completion_cost_details',
  'input_token_details',
  'output_token_details',
  'input_cost_details',
  'output_cost_details',
]

/** SQL: a run whose texts of objects are objects. */
const opened = (run: string): string => {
  const parsed = (key: string): string =>
    `CASE WHEN json_type(${run}, '/${key}') = 'VARCHAR' AND json_valid(json_extract_string(${run}, '/${key}')) AND starts_with(ltrim(json_extract_string(${run}, '/${key}')), '{') THEN CAST(json_extract_string(${run}, '/${key}') AS JSON) ELSE json_extract(${run}, '/${key}') END`
  const any = objects.map((key) => `json_type(${run}, '/${key}') = 'VARCHAR'`).join(' OR ')
  return `CASE WHEN ${any} THEN json_merge_patch(${run}, json_object(${objects.map((key) => `'${key}', ${parsed(key)}`).join(', ')})) ELSE ${run} END`
}

/** Where a run has what its model's answer says of usage, in LangChain's words. */
const usagePlaces = [
  '/outputs/usage_metadata',
  '/outputs/generations/0/0/message/kwargs/usage_metadata',
  '/outputs/generations/0/0/message/usage_metadata',
  '/outputs/message/usage_metadata',
  '/extra/metadata/usage_metadata',
]

/** SQL: the usage that a client of OpenAI, or an older LangChain, left in the outputs, in LangChain's words; else NULL. */
const ofOpenai = `CASE ${['/outputs/usage', '/outputs/llm_output/token_usage']
  .map((place) => {
    const value = (name: string): string => `json_extract(run, '${place}/${name}')`
    return `WHEN ${value('prompt_tokens')} IS NOT NULL THEN json_object('input_tokens', ${value('prompt_tokens')}, 'output_tokens', ${value('completion_tokens')}, 'total_tokens', ${value('total_tokens')},
        'input_token_details', json_object('cache_read', ${value('prompt_tokens_details/cached_tokens')}, 'audio', ${value('prompt_tokens_details/audio_tokens')}),
        'output_token_details', json_object('reasoning', ${value('completion_tokens_details/reasoning_tokens')}, 'audio', ${value('completion_tokens_details/audio_tokens')}))`
  })
  .join(' ')} END`

/** Each run of a page, and each alone, without what people wrote. */
const records = (lines: string): string => `
  WITH told AS MATERIALIZED (
    SELECT line, text, is_object, ${firstOf(...lists.map((name) => `CASE WHEN is_object AND json_type(text, '/${name}') = 'ARRAY' THEN '/${name}' END`))} AS place FROM (
      SELECT line, text, coalesce(json_valid(text) AND starts_with(ltrim(text), '{'), false) AS is_object FROM ${lines})),
  given AS (
    SELECT line, json_extract(text, place || '/' || i) AS run FROM (
      SELECT line, text, place, unnest(range(CAST(json_array_length(text, place) AS BIGINT))) AS i FROM told WHERE place IS NOT NULL)
    UNION ALL SELECT line, CAST(text AS JSON) FROM told WHERE is_object AND place IS NULL),
  runs AS (SELECT line, CASE WHEN json_type(run) = 'OBJECT' THEN ${opened('run')} ELSE run END AS run FROM given)
  SELECT line, CASE WHEN json_type(run) = 'OBJECT' THEN CAST(json_merge_patch(json_merge_patch(run, '${content}'), json_object(
      'usage_metadata', coalesce(${usagePlaces.map((path) => `json_extract(run, '${path}')`).join(', ')}, ${ofOpenai}),
      'finish_reason', coalesce(json_extract(run, '/outputs/generations/0/0/generation_info/finish_reason'), json_extract(run, '/outputs/choices/0/finish_reason')))) AS VARCHAR) ELSE '{}' END AS text FROM runs
  UNION ALL
  SELECT line, ${standsForItself('text')} FROM told WHERE NOT is_object
  UNION ALL
  SELECT line, '{}' FROM told WHERE place IS NOT NULL AND json_array_length(text, place) = 0`

/** An object's path and those of all that it holds, which need no price. */
const below = (
  survey: Survey,
  path: readonly string[],
  reason: string,
): NonNullable<ReadPlan['moneyFree']> => [
  { path, reason },
  ...(survey.shape.get(JSON.stringify(path)) ?? []).flatMap((key) => below(survey, [...path, key], reason)),
]

/**
 * Runs of LangSmith: dumps of its client and pages of its interfaces. Chains roll up the tokens and costs of the
 * runs below them; only runs of models are calls.
 */
export const langsmith: Importer = {
  id: 'langsmith',
  writer: 'tool',
  about: "LangSmith's runs: lines of a client's dump, pages of the interface, bulk exports (Parquet)",
  example: 'client.list_runs(…), one run a line; POST /api/v1/runs/query; a bulk export to S3',
  recognisedBy: '`run_type` with `trace_id`, `dotted_order` or `parent_run_id`',
  lacks: "runs that a dump lacks: a root's sum may be more than its calls",
  detects: ({ kind, records: some }) => kind === 'json' && some.some((r) => runsIn(r).some(isRun)),
  records,
  callsAreLeaves: true,
  plan(survey: Survey) {
    const doc = new Document()
    const has = (name: string): boolean => survey.keys.includes(name)
    const top = (...names: readonly string[]): string | undefined =>
      firstOf(...names.filter(has).map((name) => `nullif(${doc.text(name)}, '')`))
    const metadata = (...names: readonly string[]): string =>
      firstOf(...names.map((name) => doc.text('extra', 'metadata', name)))!
    const asked = (...names: readonly string[]): string =>
      firstOf(...names.map((name) => doc.text('extra', 'invocation_params', name)))!
    const told = (...path: readonly string[]): string => doc.text('usage_metadata', ...path)
    /** Counts within the input or output, by the names of both interfaces and of the model's own answer. */
    const part = (own: readonly string[], of: string, names: readonly string[]): string =>
      firstOf(
        ...own.filter(has).flatMap((place) => names.map((name) => doc.text(place, name))),
        ...names.map((name) => told(of, name)),
      )!
    const input = (...names: readonly string[]): string =>
      part(['prompt_token_details', 'input_token_details'], 'input_token_details', names)
    const output = (...names: readonly string[]): string =>
      part(['completion_token_details', 'output_token_details'], 'output_token_details', names)
    const hour = input('ephemeral_1h_input_tokens')
    // LangChain puts a tier that has prices of its own before the names of the counts.
    const tierOfPart = (['priority', 'flex'] as const).map(
      (tier) =>
        `CASE WHEN coalesce(TRY_CAST(${input(tier)} AS DOUBLE), 0) + coalesce(TRY_CAST(${input(`${tier}_cache_read`)} AS DOUBLE), 0) > 0 THEN '${tier}' END`,
    )
    const type = `lower(${doc.text('run_type')})`
    const time = (name: string): string => `epoch(TRY_CAST(${doc.text(name)} AS TIMESTAMPTZ))`
    const since = (name: string): string =>
      `CAST(round((${time(name)} - ${time('start_time')}) * 1000, 3) AS VARCHAR)`
    const reason = 'a part of the total that counts, or another telling of it'
    const details = [
      'prompt_cost_details',
      'completion_cost_details',
      'input_cost_details',
      'output_cost_details',
    ]
    return {
      document: doc,
      cacheTokens: 'included',
      othersAreNoCalls: true,
      callsMayLackUsage: true,
      addedUp: ['cache_creation_input_tokens'],
      isCall: `${type} IN ('llm', 'embedding')`,
      spans: { parent: top('parent_run_id') ?? 'CAST(NULL AS VARCHAR)', own: `[${doc.text('id')}]` },
      totalTokens: firstOf(top('total_tokens'), told('total_tokens')),
      moneyFree: [
        ...['prompt_cost', 'completion_cost', 'input_cost', 'output_cost', ...details].flatMap((name) =>
          below(survey, [name], reason),
        ),
        ...['input_cost', 'output_cost', 'input_cost_details', 'output_cost_details'].map((name) => ({
          path: ['usage_metadata', name],
          reason,
        })),
        ...below(survey, ['extra', 'metadata', 'usage_metadata'], 'kept beside the run'),
        { path: ['price_model_id'], reason: 'a name' },
        ...['priority', 'flex'].flatMap((tier) =>
          ['input', 'output'].map((side) => ({
            path: ['usage_metadata', `${side}_token_details`, tier],
            reason: 'a part of a counted total; it tells the tier',
          })),
        ),
        ...['prompt_token_details', 'input_token_details'].map((name) => ({
          path: [name, 'cache_read_over_200k'],
          reason: 'a part of cache_read; the length of the input tells the price',
        })),
      ],
      uses: [doc.text('usage_metadata')],
      fields: {
        call_id: doc.text('id'),
        ts: doc.text('start_time'),
        provider: metadata('ls_provider'),
        request_model: firstOf(
          metadata('ls_model_name'),
          asked('model', 'model_name'),
          doc.text('extra', 'runtime', 'model'),
        )!,
        operation: `CASE ${type} WHEN 'embedding' THEN 'embedding' ELSE 'chat' END`,
        feature: firstOf(metadata('feature', 'langgraph_node'), top('name'))!,
        user_id: metadata('user_id', 'user'),
        session_id: metadata('session_id', 'thread_id', 'conversation_id'),
        trace_id: top('trace_id') ?? 'CAST(NULL AS VARCHAR)',
        // What the platform calls a session is a project.
        project: firstOf(top('session_name'), top('session_id')) ?? 'CAST(NULL AS VARCHAR)',
        team: metadata('team'),
        environment: metadata('environment', 'env'),
        prompt_name: metadata('prompt_name', 'lc_hub_repo'),
        prompt_hash: metadata('lc_hub_commit_hash'),
        input_tokens: firstOf(top('prompt_tokens', 'input_tokens'), told('input_tokens'))!,
        output_tokens: firstOf(top('completion_tokens', 'output_tokens'), told('output_tokens'))!,
        cache_read_input_tokens: input('cache_read', 'priority_cache_read', 'flex_cache_read'),
        cache_creation_input_tokens: allWrites(
          input('cache_creation'),
          input('ephemeral_5m_input_tokens'),
          hour,
        ),
        cache_creation_1h_input_tokens: hour,
        input_audio_tokens: input('audio'),
        output_audio_tokens: output('audio'),
        reasoning_output_tokens: output('reasoning', 'priority_reasoning', 'flex_reasoning'),
        reported_cost_usd: firstOf(top('total_cost'), told('total_cost'))!,
        latency_ms: since('end_time'),
        ttft_ms: since('first_token_time'),
        temperature: firstOf(metadata('ls_temperature'), asked('temperature'))!,
        max_tokens: firstOf(metadata('ls_max_tokens'), asked('max_tokens'))!,
        finish_reason: doc.text('finish_reason'),
        error: `CASE WHEN lower(${doc.text('status')}) = 'error' THEN coalesce(nullif(${doc.text('error')}, ''), 'error') END`,
        service_tier: firstOf(...tierOfPart, asked('service_tier'))!,
      },
      tags: tagsOf({ run: doc.text('name') }),
    }
  },
}
