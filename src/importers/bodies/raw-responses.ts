/** What stands around the body of a response: who asked and when, the request, labels that come back. */
import { usageFields } from '../../domain/call.js'
import { absent, type Place } from './body-places.js'
import { comparable } from '../records/comparable.js'
import { fieldNames, namesOfOneCall } from '../records/field-names.js'
import { firstOf, type Document } from '../document.js'
import { hasCallIdPrefix, isLongId } from '../call-ids.js'
import type { ReadPlan } from '../importer.js'
import type { Survey } from '../survey.js'
import { namedFields } from '../records/named-fields.js'

export interface Wrapper {
  /** What the wrapper says of the call: id, time, user, feature, latency … */
  readonly fields: ReadPlan['fields']
  readonly tags: string | undefined
  /** SQL for what its id says; see ReadPlan. */
  readonly idKind: string | undefined
  /** SQL for its error: code or message when it is an object; NULL when there is none. */
  readonly error: string
  /** Id of a record of one's own among bare bodies, and what it says; undefined where bodies are wrapped. */
  readonly plainId?: { readonly callId: string; readonly idKind: string }
  /** Names under which it has a field; see ReadPlan. */
  readonly foundUnder: ReadPlan['foundUnder']
  /** SQL for the tier that was asked for, inside an object of the wrapper. */
  readonly askedTier?: string
  /** True when every sampled body stands bare, without a wrapper. */
  readonly bare: boolean
}

/** Keys of bodies, which no wrapper has for itself. */
const bodyKeys = new Set(
  'usage,choices,content,object,system_fingerprint,id,model,created,created_at,output,role,type,stop_reason,service_tier,candidates,usageMetadata,usage_metadata,modelVersion,responseId,createTime,data,status,error,message,response,text,tools,provider,metadata,temperature,max_output_tokens,embeddings,meta,metrics,stopReason,prompt,context,conversation,safety_identifier'.split(
    ',',
  ),
)

/** Fields that a label written into a bare body may fill. */
const labelFields = [
  'ts', 'user_id', 'feature', 'endpoint', 'customer', 'session_id', 'trace_id', 'team', 'environment',
  'prompt_name', 'latency_ms', 'ttft_ms', 'attempt', 'cache_hit', 'reported_cost_usd', 'request_model',
  // Between the bodies may stand records of one's own.
  ...usageFields,
] as const // prettier-ignore

/** Names that the id of a record of one's own hangs on. */
const plainIdNames = new Set(
  [fieldNames.call_id, namesOfOneCall, fieldNames.ts, fieldNames.attempt].flatMap((names) => names ?? []),
)

export function wrapperFields(survey: Survey, document: Document, places: readonly Place[]): Wrapper {
  const bare = places.every(({ hops }) => hops.flat().length === 0)
  const inBody = new Set(places.map(({ hops }) => hops.flat()[0]))
  const outside = survey.keys.filter(
    (key) =>
      !inBody.has(key) &&
      !(bare
        ? bodyKeys.has(key)
        : [
            'usage',
            'usageMetadata',
            'usage_metadata',
            'choices',
            'content',
            'object',
            'system_fingerprint',
          ].includes(key)),
  )
  const named = namedFields({ ...survey, keys: outside }, document)
  const fields = bare
    ? Object.fromEntries(
        labelFields.flatMap((name) => (named.fields[name] === undefined ? [] : [[name, named.fields[name]]])),
      )
    : named.fields
  const idKeys = survey.keys.filter((key) => plainIdNames.has(comparable(key)))
  const whole = bare ? namedFields({ ...survey, keys: idKeys }, document) : undefined
  return {
    fields,
    ...(whole && {
      plainId: { callId: whole.fields.call_id ?? absent, idKind: whole.idKind ?? absent },
    }),
    ...(bare || named.askedTier === undefined ? {} : { askedTier: named.askedTier }),
    tags: bare ? undefined : named.tags,
    idKind: bare ? undefined : named.idKind,
    foundUnder: named.foundUnder,
    error: wrapperError(document, bare ? undefined : named.fields.error),
    bare,
  }
}

/**
 * SQL for the id of a logged response and for what it says. The provider's own id is that of the call, what
 * stands around it may be anybody's; so is a short one.
 */
export function responseIds(
  id: string,
  wrapper: Wrapper,
  batchId: string,
): { readonly callId: string; readonly idKind: string } {
  const own = `nullif(${id}, '')`
  const around = wrapper.fields.call_id
  const given = `(${isLongId(own)} OR ${hasCallIdPrefix(own)})`
  const kind = around === undefined ? "'any'" : (wrapper.idKind ?? "'any'")
  return {
    callId: firstOf(`CASE WHEN ${given} THEN ${own} END`, around, own, batchId)!,
    idKind: `CASE WHEN ${isLongId(own)} THEN NULL WHEN ${given} THEN 'any' ELSE ${kind} END`,
  }
}

function wrapperError(document: Document, named: string | undefined): string {
  const words =
    named && `CASE WHEN NOT starts_with(${named}, '{') THEN nullif(nullif(${named}, ''), 'false') END`
  return firstOf(document.text('error', 'code'), document.text('error', 'message'), words)!
}

/** What the wrapper kept of the request, under `request` or `request.body`. */
export function requestFields(document: Document): ReadPlan['fields'] {
  const request = (...path: string[]): string =>
    firstOf(document.text('request', ...path), document.text('request', 'body', ...path))!
  return {
    request_model: firstOf(request('model'), request('modelId'))!,
    // The answer's own tier goes before: a request may have been served at another.
    service_tier: firstOf(request('service_tier'), request('serviceTier', 'type'))!,
    user_id: firstOf(request('user'), request('metadata', 'user_id'))!,
    max_tokens: firstOf(
      request('max_tokens'),
      request('max_completion_tokens'),
      request('max_output_tokens'),
      request('generationConfig', 'maxOutputTokens'),
      request('inferenceConfig', 'maxTokens'),
    )!,
    temperature: firstOf(
      request('temperature'),
      request('generationConfig', 'temperature'),
      request('inferenceConfig', 'temperature'),
    )!,
  }
}
/** Labels that callers put into the `metadata` of their request and that come back in the response. */
export function metadataFields(metadata: (key: string) => string): ReadPlan['fields'] {
  return {
    feature: metadata('feature'),
    user_id: firstOf(metadata('user_id'), metadata('user'))!,
    customer: firstOf(metadata('customer'), metadata('customer_id'))!,
    session_id: metadata('session_id'),
    team: metadata('team'),
    environment: firstOf(metadata('environment'), metadata('env'))!,
  }
}

/** Fields of the first plan, then of the next where it has none of its own; both given: the first that is not NULL. */
export function mergeFields(...plans: readonly ReadPlan['fields'][]): ReadPlan['fields'] {
  const out: ReadPlan['fields'] = {}
  for (const plan of plans) {
    for (const [field, sql] of Object.entries(plan) as [keyof ReadPlan['fields'], string][]) {
      if (sql !== absent) out[field] = firstOf(out[field], sql)!
    }
  }
  return out
}
