/**
 * Reads the bodies of providers' responses, of all providers in one plan: a gateway's log has them mixed.
 * What an importer of such bodies adds is only by which marks it is known.
 */
import { answeredByAzure, askedAtAzure, orAzure } from '../providers/azure-marks.js'
import { geminiUsage } from './body-gemini.js'
import { addedUp, freeInBody, modes, statedCost, toolCalls, unreadTools } from './body-money.js'
import {
  absent,
  absentList,
  bodyAt,
  bodyPlaces,
  firstThere,
  mostPlaces,
  outerText,
  unsampledPlaces,
  type Body,
  type Place,
} from './body-places.js'
import { kindsOf } from './body-kinds.js'
import { bodyUsage } from './body-usage.js'
import { inCurrencyOf, type InCurrency } from '../records/cost-fields.js'
import { currenciesNear } from '../records/currency-names.js'
import { usageFields } from '../../domain/call.js'
import { Document, firstOf } from '../document.js'
import { isObject } from '../sample-values.js'
import type { ReadPlan } from '../importer.js'
import type { Sample, Survey } from '../survey.js'
import {
  mergeFields,
  metadataFields,
  requestFields,
  responseIds,
  wrapperFields,
  type Wrapper,
} from './raw-responses.js'

/** True when a body with these marks stands anywhere in the sample. */
export const hasBody = (sample: Sample, is: (value: Readonly<Record<string, unknown>>) => boolean): boolean =>
  bodyPlaces(sample).some((place) =>
    sample.records.some((record) => valuesAt(record, place.hops.flat()).some((value) => is(value))),
  )

/** The objects at a path, also inside texts of JSON and in lists of chunks. */
function valuesAt(record: unknown, path: readonly string[]): Readonly<Record<string, unknown>>[] {
  let values: unknown[] = [record]
  const open = (value: unknown): unknown[] => {
    if (typeof value !== 'string') return Array.isArray(value) ? value : [value]
    try {
      const parsed: unknown = JSON.parse(value)
      return Array.isArray(parsed) ? parsed : [parsed]
    } catch {
      return []
    }
  }
  for (const key of path)
    values = values.flatMap(open).map((value) => (isObject(value) ? value[key] : undefined))
  return values.flatMap(open).filter(isObject)
}

/** @param usual where bodies stand when the sample has none, as in a batch whose first calls all failed */
export function bodyPlan(survey: Survey, id: string, usual: Place): ReadPlan {
  const document = Document.for(survey)
  const sampled = bodyPlaces(survey.sample)
  const found = [...sampled, ...unsampledPlaces(survey, sampled)].slice(0, mostPlaces)
  const places = found.length > 0 ? found : [usual]
  const body = bodyAt(survey, document, places)
  const outer = outerText(survey, document, places)
  const wrapper = wrapperFields(survey, document, places)
  const batch = batchOf(survey, outer)
  const failed = firstThere(
    outer('result', 'error', 'error', 'type'),
    outer('result', 'error', 'type'),
    `CASE WHEN ${outer('result', 'type')} = 'errored' THEN 'errored' END`,
    body.text('error', 'code'),
    body.text('error', 'type'),
    body.text('error', 'message'),
    wrapper.error,
  )
  const httpStatus = outer('response', 'status_code')
  const model = firstThere(
    body.text('model'),
    body.text('modelVersion'),
    body.text('model_version'),
    body.text('modelId'),
    body.text('response_metadata', 'model_name'),
    // What Kong's gateway says beside the usage.
    body.text('meta', 'response_model'),
    body.text('meta', 'request_model'),
  )
  const named = firstThere(model, ...[wrapper.fields.response_model, wrapper.fields.request_model].map((sql) => sql ?? absent)) // prettier-ignore
  const kinds = [
    ...kindsOf(body, model),
    ['anthropic', `${outer('result', 'type')} IS NOT NULL`, 'anthropic'] as const,
  ]
  const { fields: counts, totalTokens, cacheTokensBeside } = bodyUsage(body, model)
  const gemini = geminiUsage(body)
  const used = [counts.input_tokens, counts.output_tokens, gemini.is].map((sql) => sql!)
  const cost = statedCost(body)
  const provider = orAzure(
    firstOf(
      wrapper.fields.provider,
      ...[body.text('meta', 'provider_name')].filter((sql) => sql !== absent),
      `CASE ${kinds
        .flatMap(([, when, name]) => (name === undefined ? [] : [`WHEN ${when} THEN '${name}'`]))
        .join(' ')} WHEN ${body.text('x_groq')} IS NOT NULL THEN 'groq' END`,
    ),
    answeredByAzure(body),
    askedAtAzure(survey, document),
  )!
  const inCurrency = bodyCurrency(survey, document, body, places)
  const plain = isPlainRecord(wrapper.fields, mergeFields(gemini.fields, counts))
  const open = [plain, isOwnUsage(wrapper, body)].filter((sql) => sql !== 'false')
  const ids = idsOf(
    responseIds(idOf(body, document), wrapper, document.text('custom_id')),
    plain === 'false' ? undefined : wrapper.plainId,
    plain,
  )
  const isCall = `(${plain} OR ${used[0]} IS NOT NULL OR ${used[1]} IS NOT NULL OR ${used[2]} OR TRY_CAST(${cost} AS DOUBLE) > 0 OR ${body.text('usage', 'type')} = 'duration'
      OR ${firstThere(body.text('meta', 'billed_units', 'search_units'), body.text('usage', 'billed_units', 'search_units'))} IS NOT NULL
      OR ${failed} IS NOT NULL OR coalesce(TRY_CAST(${httpStatus} AS INTEGER) >= 400, false)) AND ${body.text('done')} IS DISTINCT FROM 'false'`
  return {
    document,
    idKind: ids.idKind,
    source: `CASE ${kinds.map(([kind, when]) => `WHEN ${when} THEN '${kind}'`).join(' ')} WHEN ${plain} THEN 'llmcost' ELSE '${id}' END`,
    cacheTokens: 'included',
    cacheTokensCertain: true,
    cacheTokensBeside,
    // A record of one's own says as little of it as in a file of its own.
    ...(open.length === 0 ? {} : { cacheTokensOpen: open.join(' OR '), foundUnder: wrapper.foundUnder }),
    isCall,
    refusals: [
      {
        when: `coalesce(${document.text('type')} IN ('message_start', 'message_delta'), false)`,
        reason: 'a streaming event: its output is not final; log the final message',
      },
    ],
    totalTokens,
    addedUp: addedUp(body),
    moneyFree: freeInBody(places.map(({ hops }) => hops.flat())),
    unread: `nullif(concat_ws('; ', ${gemini.unread}, ${unreadTools(body, counts.output_tokens!)}${besides(wrapper.fields, mergeFields(gemini.fields, counts))}${leftOut(wrapper.fields, isCall)}), '')`,
    fields: mergeFields(
      usageOf(gemini.fields, counts, toolCalls(body), wrapper.fields),
      { ...withoutUsage(wrapper.fields), provider, call_id: ids.callId, error: failed },
      { ts: timeOf(body, document) },
      {
        response_model: model,
        request_model: body.text('meta', 'request_model'),
        cache_hit: cacheHit(body),
        // A record of one's own says it itself, as in a file of its own: its id may hang on it.
        operation:
          plain === 'false'
            ? operationOf(body, named)
            : `CASE WHEN NOT ${plain} OR ${body.text('object')} IS NOT NULL THEN ${operationOf(body, named)} END`,
        user_id: firstThere(body.text('user'), body.text('safety_identifier')),
        session_id: body.text('conversation', 'id'),
        prompt_name: body.text('prompt', 'id'),
        reported_cost_usd: cost === absent || inCurrency === undefined ? cost : inCurrency(cost),
        latency_ms: latencyOf(body),
        max_tokens: body.text('max_output_tokens'),
        temperature: body.text('temperature'),
        finish_reason: finishOf(body),
        status: `CASE WHEN ${failed} IS NOT NULL THEN 'error' ELSE ${firstThere(httpStatus, body.text('status'))} END`,
      },
      modes(body, batch),
      metadataFields((key) => body.text('metadata', key)),
      ...(wrapper.bare ? [] : [requestFields(document)]),
      ...(wrapper.askedTier === undefined ? [] : [{ service_tier: wrapper.askedTier }]),
    ),
    ...(wrapper.tags === undefined ? {} : { tags: wrapper.tags }),
  }
}

/** How the currency near a body's cost, in the body or around it, is put behind the cost. */
function bodyCurrency(
  survey: Survey,
  document: Document,
  body: Body,
  places: readonly Place[],
): InCurrency | undefined {
  const paths = places.map(({ hops }) => hops.flat())
  const costs = paths.flatMap((path) => [
    [...path, 'usage', 'cost', 'total_cost'],
    [...path, 'response_cost'],
  ])
  const texts = currenciesNear(survey, costs).map(({ path, certain }) => {
    const place = paths.find((keys) => keys.length < path.length && keys.every((key, i) => path[i] === key))
    const [top = '', ...inner] = path
    const around = inner.length === 0 ? document.text(top) : document.embedded(top).text(...inner)
    return { sql: place === undefined ? around : body.text(...path.slice(place.length)), certain }
  })
  return inCurrencyOf(texts.filter(({ sql }) => sql !== absent))
}

/**
 * SQL: true for a record of one's own among the bodies, or around one without a usage: both counts stand in
 * the record itself. One count alone may be that of a request, whose answer tells it again.
 */
function isPlainRecord(wrapper: ReadPlan['fields'], body: ReadPlan['fields']): string {
  const { input_tokens: input, output_tokens: output } = wrapper
  if (input === undefined || output === undefined) return 'false'
  const empty = [body.input_tokens, body.output_tokens].map((sql) => `${sql ?? absent} IS NULL`)
  return `(${input} <> '' AND ${output} <> '' AND ${empty.join(' AND ')}) IS TRUE`
}

/**
 * SQL: true for a record of one's own among bare bodies whose `usage` has the names of Anthropic's, and none
 * of the marks of its answers: who wrote it may have added the cached tokens to the input.
 */
function isOwnUsage(wrapper: Wrapper, body: Body): string {
  const { ts } = wrapper.fields
  const cachedHere = ['cache_read_input_tokens', 'cache_creation_input_tokens'].some(
    (name) => body.text('usage', name) !== absent,
  )
  if (!wrapper.bare || ts === undefined || !cachedHere) return 'false'
  const marks = [
    ...['type', 'object', 'stop_reason'].map((name) => body.text(name)),
    ...['cache_creation', 'server_tool_use', 'inference_geo'].map((name) => body.text('usage', name)),
  ].filter((sql) => sql !== absent)
  return `(${[`${ts} IS NOT NULL`, ...marks.map((sql) => `${sql} IS NULL`)].join(' AND ')})`
}

type Ids = ReturnType<typeof responseIds>

/** The id of a record of one's own says what it says in a file of its own. */
const idsOf = (body: Ids, own: Ids | undefined, plain: string): Ids =>
  own === undefined
    ? body
    : {
        callId: `CASE WHEN ${plain} THEN ${own.callId} ELSE ${body.callId} END`,
        idKind: `CASE WHEN ${plain} THEN ${own.idKind} ELSE ${body.idKind} END`,
      }

/** SQL for the names of usage or money in a record that is no call, with a comma before. */
const leftOut = (wrapper: ReadPlan['fields'], isCall: string): string =>
  (['input_tokens', 'output_tokens', 'reported_cost_usd'] as const)
    .filter((field) => wrapper[field] !== undefined)
    .map(
      (field) =>
        `, CASE WHEN (${isCall}) IS NOT TRUE AND TRY_CAST(${wrapper[field]} AS DOUBLE) > 0 THEN '${field}' END`,
    )
    .join('')

const isUsage = (field: string): boolean => usageFields.some((name) => name === field)

/** The counts of the wrapper stand behind those of the body, which are the provider's own. */
const usageOf = (...plans: readonly ReadPlan['fields'][]): ReadPlan['fields'] =>
  Object.fromEntries(Object.entries(mergeFields(...plans)).filter(([field]) => isUsage(field)))
const withoutUsage = (fields: ReadPlan['fields']): ReadPlan['fields'] =>
  Object.fromEntries(Object.entries(fields).filter(([field]) => !isUsage(field)))

/** SQL for the names of counts of the wrapper that say another number than the body, with a comma before. */
function besides(wrapper: ReadPlan['fields'], body: ReadPlan['fields']): string {
  const number = (sql: string | undefined): string => `coalesce(TRY_CAST(${sql ?? 'NULL'} AS DOUBLE), 0)`
  const cached = `${number(body.cache_read_input_tokens)} + ${number(body.cache_creation_input_tokens)}`
  const thought = number(body.reasoning_output_tokens)
  return (['input_tokens', 'output_tokens'] as const)
    .filter((field) => wrapper[field] !== undefined && body[field] !== undefined)
    .map((field) => {
      const [outer, inner] = [number(wrapper[field]), number(body[field])]
      const more = field === 'input_tokens' ? cached : thought
      return `, CASE WHEN ${outer} > 0 AND ${body[field]} IS NOT NULL AND ${outer} NOT IN (${inner}, ${inner} + ${more}, ${inner} - (${more})) THEN '${field}' END`
    })
    .join('')
}

/** SQL: true for results of a provider's batches, which cost less. */
function batchOf(survey: Survey, outer: (...path: string[]) => string): string {
  const { keys } = survey
  const only = (names: readonly string[]): boolean => keys.every((key) => names.includes(key))
  const google =
    (keys.includes('key') && only(['key', 'response', 'error', 'metadata'])) ||
    ['request', 'response', 'status', 'processed_time'].every((key) => keys.includes(key))
  return google ? 'true' : `${outer('custom_id')} IS NOT NULL`
}

const idOf = (body: Body, document: Document): string =>
  firstThere(
    body.text('id'),
    body.text('responseId'),
    body.text('response_id'),
    // What a client of AWS adds: the same name as in the log of invocations.
    body.text('ResponseMetadata', 'RequestId'),
    body.text('$metadata', 'requestId'),
    document.text('ResponseMetadata', 'RequestId'),
    document.text('$metadata', 'requestId'),
  )

/** SQL for the time of an answer: the provider's own, or that of its HTTP headers. */
function timeOf(body: Body, document: Document): string {
  const date = firstThere(
    body.text('ResponseMetadata', 'HTTPHeaders', 'date'),
    document.text('ResponseMetadata', 'HTTPHeaders', 'date'),
  )
  return firstThere(
    body.text('created'),
    body.text('created_at'),
    body.text('createTime'),
    body.text('create_time'),
    `strftime(try_strptime(${date}, '%a, %d %b %Y %H:%M:%S GMT'), '%Y-%m-%dT%H:%M:%SZ')`,
  )
}

/** SQL for `hit` of an answer out of Kong's cache. */
function cacheHit(body: Body): string {
  const said = body.text('cache', 'cache_status')
  return said === absent ? absent : `CASE lower(${said}) WHEN 'hit' THEN 'hit' WHEN 'miss' THEN 'miss' END`
}

function operationOf(body: Body, model: string): string {
  // Answers of Gemini with embeddings do not say what they are; the model's name does.
  const isGemini = [body.text('usageMetadata', 'promptTokenCount'), body.text('usage_metadata', 'prompt_token_count')].filter((sql) => sql !== absent) // prettier-ignore
  const embeds = isGemini.length === 0 ? [] : [`(coalesce(${isGemini.join(', ')}) IS NOT NULL AND coalesce(${model} ILIKE '%embedding%', false))`] // prettier-ignore
  const object = body.text('object')
  return `CASE WHEN ${object} = 'list' OR ${body.text('response_type')} LIKE 'embeddings%' OR (${body.text('prompt_eval_count')} IS NOT NULL AND ${body.text('done')} IS NULL)${embeds.map((sql) => ` OR ${sql}`).join('')} THEN 'embedding'
    WHEN ${object} = 'text_completion' THEN 'completion' ELSE 'chat' END`
}

/** SQL for the duration in ms: the Responses API's times, Converse's metrics, Ollama's nanoseconds. */
function latencyOf(body: Body): string {
  const double = (...path: string[]): string => `TRY_CAST(${body.text(...path)} AS DOUBLE)`
  return `CAST(coalesce((${double('completed_at')} - ${double('created_at')}) * 1000, ${double('metrics', 'latencyMs')}, ${double('total_duration')} / 1e6) AS VARCHAR)`
}

/** SQL for why the model stopped; of several choices a list. */
function finishOf(body: Body): string {
  const lists = [
    ['choices', 'finish_reason'],
    ['candidates', 'finishReason'],
    ['candidates', 'finish_reason'],
  ].map(([list, key]) => body.list([list!], key!))
  const given = lists
    .filter((list) => list !== absentList)
    .map((list) => `nullif(list_filter(${list}, lambda x: x IS NOT NULL), [])`)
  const reasons = given.length === 0 ? absent : `CAST(to_json(${firstOf(...given)}) AS VARCHAR)`
  const status = body.text('status')
  return firstThere(
    reasons,
    ...['stop_reason', 'stopReason', 'finish_reason', 'done_reason'].map((key) => body.text(key)),
    body.text('response_metadata', 'finish_reason'),
    body.text('promptFeedback', 'blockReason'),
    body.text('prompt_feedback', 'block_reason'),
    `CASE WHEN ${status} = 'incomplete' THEN ${body.text('incomplete_details', 'reason')} ELSE ${status} END`,
  )
}
