import type { CallField } from '../../domain/call.js'
import { isLongId } from '../call-ids.js'
import { Document, firstOf } from '../document.js'
import { unknownLifetime, type Importer, type ReadPlan } from '../importer.js'
import type { Sample, Survey } from '../survey.js'
import { isCall, isClaudeCode, parentOf, standardEvent } from './otel-calls.js'
import { tagsOf } from './otel-labels.js'
import * as names from './otel-names.js'
import { otelRecords } from './otel-records.js'

/**
 * Traces and events of OpenTelemetry in OTLP's JSON: a span or event that is one call of a model. Those above
 * calls that sum them up are none; a call whose usage nobody counted is one of unknown tokens.
 */
export const otel: Importer = {
  id: 'otel',
  writer: 'tool',
  about:
    'OpenTelemetry traces and events, OTLP as JSON: GenAI conventions old and new, OpenInference, OpenLLMetry, Vercel AI SDK, Claude Code, Gemini CLI, Envoy AI Gateway',
  example: "sent to llmcost listen, or what the collector's file exporter writes (format: json)",
  recognisedBy: '`resourceSpans` or `resourceLogs`, and attributes of models',
  lacks: 'what an instrumentation does not write, such as cached tokens or the time they are kept',
  detects: ({ kind, records }) => kind === 'json' && (records.some(isRequest) || records.some(isGatewayLine)),
  isCertain: (sample) => sample.records.some((record) => isRequest(record) && speaksOfModels(sample)),
  records: otelRecords,
  callsAreLeaves: true,
  plan,
}

const requestKeys = ['resourceSpans', 'resourceLogs', 'resource_spans', 'resource_logs']

const isRequest = (record: Readonly<Record<string, unknown>>): boolean =>
  requestKeys.some((key) => Array.isArray(record[key]))

/** A line of a gateway's access log that names what the model used. */
const isGatewayLine = (record: Readonly<Record<string, unknown>>): boolean =>
  'start_time' in record && ['gen_ai.request.model', 'gen_ai.usage.input_tokens'].some((key) => key in record)

const speaksOfModels = ({ records }: Sample): boolean =>
  /"(?:gen_ai|llm|ai|openinference|langfuse|mlflow|claude_code|gemini_cli)[._]/.test(JSON.stringify(records))

function plan(survey: Survey): ReadPlan {
  const doc = new Document()
  const present = new Set(survey.keys)
  const has = (name: string): boolean => present.has(name)
  const own = (key: string): string => doc.text('otlp', key)
  const inResource = new Set(survey.shape.get(JSON.stringify(['resource'])) ?? [])
  const attribute = (name: string): string => `nullif(nullif(${doc.text(name)}, ''), '-')`
  const first = (list: readonly string[]): string | undefined => firstOf(...list.filter(has).map(attribute))
  const ofProcess = (list: readonly string[]): string | undefined =>
    firstOf(...list.filter((name) => inResource.has(name)).map((name) => doc.text('resource', name)))
  const asked = (key: string): string | undefined =>
    survey.shape.get(JSON.stringify(['otlp', 'asked']))?.includes(key)
      ? doc.text('otlp', 'asked', key)
      : undefined
  const texts = usageInTexts(doc, survey)
  const isAdded = survey.shape.has(JSON.stringify(['otlp', 'added']))
  const added = (field: CallField): string[] =>
    isAdded
      ? ((names.addedFields as Partial<Record<CallField, readonly (readonly string[])[]>>)[field] ?? []).map(
          (path) => doc.text('otlp', 'added', ...path),
        )
      : []
  // Strands writes milliseconds where the conventions ask for seconds.
  const seconds = (name: string): string =>
    `CASE WHEN coalesce(${own('scope')}, '') LIKE 'strands%' THEN ${doc.text(name)} ELSE CAST(TRY_CAST(${doc.text(name)} AS DOUBLE) * 1000 AS VARCHAR) END`
  const nanos = (later: string, earlier: string): string =>
    `CAST(round((CAST(TRY_CAST(${later} AS BIGINT) AS HUGEINT) - TRY_CAST(${earlier} AS BIGINT)) / 1e6, 3) AS VARCHAR)`
  const service = inResource.has('service.name')
    ? `CASE WHEN ${doc.text('resource', 'service.name')} NOT LIKE 'unknown_service%' THEN ${doc.text('resource', 'service.name')} END`
    : undefined
  const claude = isClaudeCode(doc)
  const vercel = vercelReading(doc, has)
  const counts = Object.fromEntries(
    Object.entries(names.attributeNames).flatMap(([field, list]): [string, string][] => {
      const sql = firstOf(first(list), texts[field as CallField], ...added(field as CallField))
      return sql === undefined ? [] : [[field, sql]]
    }),
  ) as Partial<Record<CallField, string>>
  const either = (field: CallField & keyof typeof names.attributeNames): string | undefined =>
    firstOf(counts[field], ofProcess(names.attributeNames[field]))
  const level = has(names.levelName) ? `, ${doc.text(names.levelName)}` : ''
  const failed = `list_has_any(['2', 'STATUS_CODE_ERROR', 'Error', 'ERROR'], [${own('status')}${level}])`
  // A time in quotes, as JSON.
  const firstPart = `epoch_us(TRY_CAST(trim(${doc.text(names.firstPartTime)}, '"') AS TIMESTAMPTZ)) * 1000`
  const fields: Partial<Record<CallField, string | undefined>> = {
    ...counts,
    call_id: callId(doc, has),
    ts: firstOf(own('start'), first(names.timeNames), own('time')),
    provider: firstOf(
      counts.provider === undefined ? undefined : `CASE WHEN ${counts.provider} NOT IN ('_OTHER', 'other') THEN trim(${counts.provider}, '"') END`,
      makerOf(doc, has),
    ),
    request_model: firstOf(
      counts.request_model === undefined ? undefined : `trim(${counts.request_model}, '"')`,
      asked('model'),
    ),
    operation: operation(doc, has),
    feature: firstOf(either('feature'), service),
    user_id: either('user_id'),
    customer: either('customer'),
    session_id: either('session_id'),
    team: either('team'),
    environment: either('environment'),
    trace_id: own('trace'),
    latency_ms: firstOf(counts.latency_ms, nanos(own('end'), own('start'))),
    ttft_ms: firstOf(...names.firstPartSeconds.filter(has).map(seconds), counts.ttft_ms, nanos(own('first'), own('start')), has(names.firstPartTime) ? nanos(firstPart, own('start')) : undefined),
    temperature: firstOf(counts.temperature, asked('temperature')),
    max_tokens: firstOf(counts.max_tokens, asked('max_tokens'), asked('max_completion_tokens'), asked('max_output_tokens')),
    service_tier: firstOf(counts.service_tier, asked('service_tier')),
    status: `CASE WHEN ${failed}${has('error.type') ? ` OR ${attribute('error.type')} IS NOT NULL` : ''} THEN 'error' ELSE ${firstOf(first(names.endNames.slice(1)), "'ok'")!} END`,
    error: firstOf(first(['error.type']), `CASE WHEN ${failed} THEN ${firstOf(own('exception'), own('message'))!} END`),
  } // prettier-ignore
  const tags = tagsOf(doc, survey, inResource)
  const total = firstOf(first(names.totalNames), totalInTexts(doc, survey))
  const tools = first(names.toolNames)
  return {
    document: doc,
    fields: Object.fromEntries(Object.entries(fields).filter(([, sql]) => sql !== undefined)) as ReadPlan['fields'],
    isCall: isCall(doc, has),
    othersAreNoCalls: true,
    callsMayLackUsage: true,
    cacheTokens: 'included',
    cacheTokensCertain: true,
    cacheTokensBeside: `(${claude} OR ${vercel.beside})`,
    cacheTokensOpen: `NOT (${claude} OR ${vercel.beside} OR ${vercel.inside})`,
    loggedBy: `left(${own('scope')}, 100)`,
    spans: { parent: parentOf(doc, has), own: `CASE WHEN ${own('start')} IS NOT NULL AND ${own('span')} IS NOT NULL THEN [${own('span')}] END` },
    moneyFree: [
      ...names.freeAttributes.map(([path, reason]) => ({ path: typeof path === 'string' ? [path] : path, reason })),
      ...[...inResource].map((name) => ({ path: ['resource', name], reason: 'a label of the process' })),
    ],
    // Before 6 the kit adds up the two counts of Anthropic's models itself: that shows nothing of what was cached.
    ...(total === undefined ? {} : { totalTokens: vercel.beside === 'false' ? total : `CASE WHEN NOT ${vercel.beside} THEN ${total} END` }),
    ...(names.costParts.every(has) ? { costParts: names.costParts.map(attribute) } : {}),
    ...(tools === undefined ? {} : { toolTokens: tools }),
    ...(has('cache_creation_tokens')
      ? { unread: `CASE WHEN ${claude} AND TRY_CAST(${doc.text('cache_creation_tokens')} AS DOUBLE) > 0 THEN 'cache_creation_tokens${unknownLifetime}' END` }
      : {}),
    ...(tags === undefined ? {} : { tags }),
  } // prettier-ignore
}

/**
 * SQL for the id of a call: the provider's, where it is one; else the event's or the span's own. An event stands
 * in the span in which it happened, with others perhaps: the span's id is not its own.
 */
function callId(doc: Document, has: (name: string) => boolean): string {
  const own = (key: string): string => doc.text('otlp', key)
  const answer = firstOf(...names.responseIds.filter(has).map((name) => doc.text(name)), own('answer'))!
  const requests = names.requestIds.filter(has).map((name) => `nullif(nullif(${doc.text(name)}, ''), '-')`)
  const span = `${own('trace')} || ':' || ${own('span')}`
  // Some frameworks write each step of a run as a span; the run's number in their names tells the call.
  const step = String.raw`CASE WHEN ${own('scope')} LIKE '%beeai%' AND regexp_matches(${own('name')}, '[.][a-z_]+-[0-9]+$') THEN ${own('trace')} || ':' || regexp_replace(${own('name')}, '[.][a-z_]+-([0-9]+)$', '-\1') END`
  const moment = [...names.eventMarks.filter(has).map((name) => doc.text(name)), own('time')]
  const event = `CASE WHEN ${own('start')} IS NULL AND ${has(names.kindNames.event) ? doc.text(names.kindNames.event) : own('event')} IS DISTINCT FROM '${standardEvent}' AND ${own('event')} IS DISTINCT FROM '${standardEvent}'
    THEN ${has('session.id') ? `CASE WHEN ${doc.text('session.id')} IS NOT NULL THEN concat_ws(':', ${[doc.text('session.id'), ...moment].join(', ')}) END` : 'CAST(NULL AS VARCHAR)'} ELSE ${span} END`
  return firstOf(`CASE WHEN ${isLongId(answer)} THEN ${answer} END`, ...requests, step, event)!
}

/**
 * SQL for how spans of Vercel's kit count cached tokens. From 6 on it says how the input is made up; before, it passed
 * on what Anthropic counts, whose cached tokens stand beside the input.
 */
function vercelReading(doc: Document, has: (name: string) => boolean): { inside: string; beside: string } {
  const made = ['noCacheTokens', 'cacheReadTokens', 'cacheWriteTokens'].map((name) => `ai.usage.inputTokenDetails.${name}`).filter(has) // prettier-ignore
  const inside =
    made.length === 0 ? 'false' : `(coalesce(${made.map((name) => doc.text(name)).join(', ')}) IS NOT NULL)`
  const isClaude = has('ai.model.provider')
    ? `coalesce(regexp_matches(${doc.text('ai.model.provider')}, '(^|[.-])(anthropic|bedrock)([.]|$)'), false)`
    : 'false'
  return { inside, beside: isClaude === 'false' ? isClaude : `(${isClaude} AND NOT ${inside})` }
}

/** SQL for whose models an agent's own events are about: they do not say. */
function makerOf(doc: Document, has: (name: string) => boolean): string {
  const event = has(names.kindNames.event) ? `coalesce(${doc.text(names.kindNames.event)}, '')` : "''"
  return `CASE WHEN ${isClaudeCode(doc)} THEN 'anthropic' WHEN ${event} LIKE 'gemini_cli.%' THEN 'google' WHEN ${event} LIKE 'codex.%' THEN 'openai' END`
}

/** SQL for what kind of call it is. */
function operation(doc: Document, has: (name: string) => boolean): string {
  const words = [names.kindNames.operation, names.kindNames.openinference, names.kindNames.vercel, names.kindNames.langfuse, names.kindNames.mlflow, names.kindNames.request].filter(has).map((name) => doc.text(name)) // prettier-ignore
  const word = `lower(${firstOf(...words, "''")!})`
  return `CASE WHEN contains(${word}, 'embed') THEN 'embedding' WHEN ${word} IN ('text_completion', 'completion') THEN 'completion' WHEN ${word} = 'invoke_agent' THEN 'invoke_agent' ELSE 'chat' END`
}

/** SQL for values under some keys of the JSON that is the text of an attribute, where any record has them. */
function insideText(doc: Document, survey: Survey, name: string, keys: readonly string[]): string[] {
  const known = survey.shape.get(JSON.stringify([name])) ?? []
  return keys.filter((key) => known.includes(key)).map((key) => doc.embedded(name).text(key))
}

/** SQL for the sum of tokens that stands in the text of one attribute. */
const totalInTexts = (doc: Document, survey: Survey): string | undefined =>
  firstOf(
    ...insideText(doc, survey, 'langfuse.observation.usage_details', ['total', 'total_tokens']),
    ...insideText(doc, survey, 'mlflow.chat.tokenUsage', ['total_tokens']),
  )

/** SQL for counts and amounts that stand in the text of one attribute. */
function usageInTexts(doc: Document, survey: Survey): Partial<Record<CallField, string>> {
  const inside = (name: string, ...keys: string[]): string[] => insideText(doc, survey, name, keys)
  const usage = (...keys: string[]): string | undefined =>
    firstOf(
      ...inside('langfuse.observation.usage_details', ...keys),
      ...inside('mlflow.chat.tokenUsage', ...keys),
    )
  const found: Partial<Record<CallField, string | undefined>> = {
    input_tokens: usage('input', 'input_tokens', 'prompt_tokens'),
    output_tokens: usage('output', 'output_tokens', 'completion_tokens'),
    cache_read_input_tokens: usage('input_cached_tokens', 'input_cache_read', 'cache_read_input_tokens'),
    cache_creation_input_tokens: usage('input_cache_creation', 'cache_creation_input_tokens'),
    reasoning_output_tokens: usage('output_reasoning_tokens', 'output_reasoning'),
    reported_cost_usd: firstOf(...inside('langfuse.observation.cost_details', 'total'), ...inside('mlflow.llm.cost', 'total_cost')),
  } // prettier-ignore
  return Object.fromEntries(Object.entries(found).filter(([, sql]) => sql !== undefined)) as Partial<Record<CallField, string>> // prettier-ignore
}
