import { kindsOf } from '../bodies/body-kinds.js'
import { geminiUsage } from '../bodies/body-gemini.js'
import { addedUp, freeInBody, modes, toolCalls, unreadTools } from '../bodies/body-money.js'
import { absent, bodyAt, firstThere } from '../bodies/body-places.js'
import { bodyUsage } from '../bodies/body-usage.js'
import { mergeFields } from '../bodies/raw-responses.js'
import type { UsageField } from '../../domain/call.js'
import { Document, firstOf } from '../document.js'
import { at, isObject } from '../sample-values.js'
import { hasCallIdPrefix, isLongId } from '../call-ids.js'
import type { Importer, ReadPlan } from '../importer.js'
import type { Survey } from '../survey.js'
import { labelColumns, labelNamed, labelTags, pairsOf } from '../records/label-pairs.js'
import { records, tables } from './mlflow-records.js'

type Values = Readonly<Record<string, unknown>>

/** A span of MLflow's: its trace is named in an attribute, whatever wrote it. */
const isSpan = (span: unknown): boolean => {
  const attributes = at(span, 'attributes')
  return isObject(attributes) && Object.keys(attributes).some((name) => name.startsWith('mlflow.'))
}

const spansOf = (list: unknown): boolean => Array.isArray(list) && list.some(isSpan)

/** What describes a trace, of both versions of its interface. */
const isInfo = (info: unknown): boolean =>
  isObject(info) &&
  ('trace_metadata' in info || 'request_metadata' in info || 'trace_location' in info) &&
  ('trace_id' in info || 'request_id' in info)

function isTrace(record: unknown): boolean {
  if (!isObject(record)) return false
  if (spansOf(at(record, 'data', 'spans')) || spansOf(record['spans']) || isInfo(record['info'])) return true
  return isInfo(record)
}

function isRow(record: Values): boolean {
  const table = record['$table']
  if (table === 'spans') return isSpan(record['content'])
  return table === 'trace_info' && 'request_id' in record && 'experiment_id' in record
}

const isOurs = (record: Values): boolean =>
  '$table' in record
    ? isRow(record)
    : isTrace(record) || (Array.isArray(record['traces']) && record['traces'].some(isTrace))

const reason = 'a part of the total that counts, or another telling of it'

function plan(survey: Survey): ReadPlan {
  const doc = new Document()
  const own = (key: string): string => `nullif(${doc.text('span', key)}, '')`
  const stated = (key: string): string => doc.text('usage', key)
  const body = bodyAt(survey, doc, [{ hops: [['body']], list: false }])
  const model = firstThere(body.text('model'), own('model'))
  const counts = bodyUsage(body, model)
  const gemini = geminiUsage(body)
  const answered = mergeFields(gemini.fields, counts.fields)
  const field = (name: UsageField): string => answered[name] ?? absent
  const none = (sql: string): string => `coalesce(TRY_CAST(${sql} AS DOUBLE), 0)`
  // A record has the counts of the answer or those that MLflow states, never both.
  const either = (name: UsageField, key: string): string => firstThere(field(name), stated(key))
  const toolsUsed = toolCalls(body)
  const type = `coalesce(${own('type')}, '')`
  const hollow = `coalesce(${doc.text('span', 'hollow')} = 'true', false)`
  const isClaudeCode = `coalesce(${own('root')} = 'claude_code_conversation', false)`
  const pairs = pairsOf(doc.text('labels'))
  const label = (...names: readonly string[]): string => labelNamed(pairs, names)
  const failed = `coalesce(${own('status')}, '') IN ('STATUS_CODE_ERROR', 'ERROR')`
  const since = (name: string): string =>
    `CAST(round((CAST(TRY_CAST(${own(name)} AS BIGINT) AS HUGEINT) - TRY_CAST(${own('start')} AS BIGINT)) / 1e6, 3) AS VARCHAR)`
  const answerId = body.text('id')
  const kinds = kindsOf(body, model).flatMap(([, when, name]) =>
    name === undefined || when === 'false' ? [] : [`WHEN ${when} THEN '${name}'`],
  )
  const { service_tier: tier = absent, speed, region } = modes(body, 'false')
  // As the sum of the two it proves nothing of cached tokens: Claude Code's leaves them out.
  const total = `CASE WHEN ${none(stated('total_tokens'))} <> ${none(stated('input_tokens'))} + ${none(stated('output_tokens'))} THEN ${stated('total_tokens')} END`
  const fields: ReadPlan['fields'] = {
    call_id: firstOf(
      answerId === absent
        ? undefined
        : `CASE WHEN ${doc.text('differs')} IS NULL AND ${isLongId(answerId)} AND ${hasCallIdPrefix(answerId)} THEN ${answerId} END`,
      `${own('trace')} || ':' || ${own('id')}`,
    )!,
    ts: own('start'),
    provider: firstOf(
      own('provider'),
      kinds.length === 0 ? undefined : `CASE ${kinds.join(' ')} END`,
      `CASE WHEN ${isClaudeCode} THEN 'anthropic' END`,
    )!,
    request_model: firstOf(doc.text('asked', 'model'), own('model'))!,
    response_model: body.text('model'),
    operation: `CASE WHEN ${type} = 'EMBEDDING' THEN 'embedding' ELSE 'chat' END`,
    ...Object.fromEntries(Object.entries(labelColumns).map(([name, names]) => [name, label(...names)])),
    // A call that nothing stands above is not what it is for.
    feature: firstOf(label(...labelColumns.feature), `CASE WHEN ${own('parent')} IS NOT NULL THEN ${own('root')} END`)!, // prettier-ignore
    user_id: firstOf(own('user'), label('mlflow.trace.user', 'user_id', 'user'))!,
    session_id: firstOf(own('session'), label('mlflow.trace.session', ...labelColumns.session_id))!,
    trace_id: own('trace'),
    prompt_name: own('prompt'),
    ...answered,
    input_tokens: either('input_tokens', 'input_tokens'),
    output_tokens: either('output_tokens', 'output_tokens'),
    cache_read_input_tokens: either('cache_read_input_tokens', 'cache_read_input_tokens'),
    cache_creation_input_tokens: either('cache_creation_input_tokens', 'cache_creation_input_tokens'),
    cache_creation_1h_input_tokens: either('cache_creation_1h_input_tokens', 'cache_creation_input_tokens_above_1hr'), // prettier-ignore
    ...Object.fromEntries(
      Object.entries(toolsUsed)
        .filter(([, sql]) => sql !== undefined && sql !== absent)
        .map(([name, sql]) => [name, firstThere(sql, answered[name as UsageField] ?? absent)]),
    ),
    reported_cost_usd: doc.text('cost', 'total_cost'),
    latency_ms: since('end'),
    ttft_ms: since('first'),
    temperature: doc.text('asked', 'temperature'),
    max_tokens: firstOf(...['max_tokens', 'max_completion_tokens', 'max_output_tokens'].map((name) => doc.text('asked', name)))!, // prettier-ignore
    finish_reason: body.text('stop_reason'),
    service_tier: firstThere(tier, doc.text('asked', 'service_tier')),
    ...(speed === undefined ? {} : { speed }),
    ...(region === undefined ? {} : { region }),
    status: `CASE WHEN ${failed} THEN 'error' END`,
    error: `CASE WHEN ${failed} THEN coalesce(${own('failure')}, 'error') END`,
  }
  const isStated = `coalesce(${stated('input_tokens')}, ${stated('output_tokens')}) IS NOT NULL`
  const differs = `CASE WHEN ${doc.text('differs')} = 'true' THEN 'answer.usage (mlflow.chat.tokenUsage says another number)' END`
  return {
    document: doc,
    fields: Object.fromEntries(Object.entries(fields).filter(([, sql]) => sql !== absent)),
    isCall: `${hollow} OR ${type} IN ('CHAT_MODEL', 'LLM', 'EMBEDDING') OR ${isStated}`,
    othersAreNoCalls: true,
    callsMayLackUsage: true,
    refusals: [
      {
        when: hollow,
        reason: 'a trace without its spans: its sums are no calls; export it with them',
      },
    ],
    // Most flavours count cached tokens in; Claude Code's hook, and Anthropic's before 3.12, leave them out.
    cacheTokens: 'included',
    cacheTokensCertain: true,
    cacheTokensBeside: `(${counts.cacheTokensBeside} OR (${isStated} AND ${isClaudeCode}))`,
    cacheTokensOpen: `(${isStated} AND NOT ${isClaudeCode} AND coalesce(${own('format')}, '') NOT IN ('openai', 'langchain', 'gemini'))`,
    totalTokens: firstThere(counts.totalTokens, total),
    spans: {
      // What a tool starts is no part of the call that asked for the tool.
      parent: `CASE WHEN ${type} <> 'TOOL' THEN ${own('parent')} END`,
      own: `CASE WHEN ${own('id')} IS NOT NULL THEN [${own('id')}] END`,
    },
    addedUp: addedUp(body),
    uses: ['input_tokens', 'output_tokens', 'total_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens', 'cache_creation_input_tokens_above_1hr'].map(stated), // prettier-ignore
    moneyFree: [
      ...freeInBody([['body']]),
      ...['input_cost', 'output_cost'].map((name) => ({ path: ['cost', name], reason })),
      ...(survey.shape.get(JSON.stringify(['labels'])) ?? []).map((name) => ({
        path: ['labels', name],
        reason: name.startsWith('mlflow.') ? 'sums of the trace, and its sizes' : "a label of the user's",
      })),
      { path: ['labels'], reason: 'labels, and sums of the trace' },
    ],
    unread: `nullif(concat_ws('; ', ${differs}, ${gemini.unread}, ${unreadTools(body, field('output_tokens'))}), '')`,
    tags: labelTags(`list_filter(${pairs}, lambda e: NOT starts_with(e.key, 'mlflow.'))`, {
      span: own('name'),
      experiment: own('experiment'),
    }),
  }
}

/**
 * MLflow's traces: spans of models are calls, and sums of their traces and of the spans above them are none. A span
 * has the answer of the provider in it, which knows more than MLflow's own counts, and in older versions other ones.
 */
export const mlflow: Importer = {
  id: 'mlflow',
  writer: 'tool',
  about:
    "MLflow's traces: JSON of its client and its command line, artifacts of spans, the tracking database",
  example: 'mlflow traces search --output json; trace.to_json(), one a line; mlflow.db',
  recognisedBy: '`info` with `trace_id` beside `data.spans`, spans with attributes `mlflow.…`, tables `spans` and `trace_info`', // prettier-ignore
  lacks:
    'tokens of streams of which the instrumentation keeps no usage; calls that ask for tools, in traces of Claude Code',
  detects: ({ kind, records: some }) => kind === 'json' && some.some(isOurs),
  callsAreLeaves: true,
  tables,
  records,
  plan,
}
