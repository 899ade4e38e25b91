/**
 * Raw responses of a provider's API stand bare in a log, or in a wrapper that adds who asked and when.
 * This finds where; the `openai` and `anthropic` importers know what.
 */
import { Document, at, firstOf, isObject, type ReadPlan, type Sample, type Survey } from './importer.js'
import { namedFields } from './named-fields.js'

/** Where a response may stand in a record, outermost first. */
const places: readonly (readonly string[])[] = [
  [],
  ['response'],
  ['response', 'body'],
  ['body'],
  ['output'],
  ['data'],
  ['result'],
  ['result', 'message'],
  ['message'],
  ['completion'],
  ['response', 'data'],
  ['data', 'response'],
  ['raw_response'],
  ['raw'],
  ['response_body'],
  ['responseBody'],
]

/** The places of the sample's records at which `isResponse` finds a response. */
export function responsePlaces(
  sample: Sample,
  isResponse: (value: Readonly<Record<string, unknown>>) => boolean,
): readonly (readonly string[])[] {
  if (sample.kind !== 'json') return []
  return places.filter((place) =>
    sample.records.some((record) => {
      const value = at(record, ...place)
      return isObject(value) && isResponse(value)
    }),
  )
}

export interface RawResponse {
  readonly document: Document
  /** SQL for a path of the response, wherever in the record it stands. */
  readonly response: (...path: string[]) => string
  /** SQL for a list inside the response. */
  readonly responseList: (path: readonly string[], key: string) => string
  /** What the wrapper says of the call: id, time, user, feature, latency … */
  readonly wrapper: ReadPlan['fields']
  readonly wrapperTags: string | undefined
  /** SQL for the error of the wrapper: its code or message when it is an object; NULL when there is none. */
  readonly wrapperError: string
  /** True when every sampled response stands bare, without a wrapper. */
  readonly bare: boolean
}

/** @returns access to the responses at `found` and to their wrapper's fields */
export function rawResponse(survey: Survey, found: readonly (readonly string[])[]): RawResponse {
  const document = Document.for(survey)
  const at = found.length > 0 ? found : [[]]
  const bare = at.every((place) => place.length === 0)
  const inResponse = new Set(at.map((place) => place[0]))
  const outside = survey.keys.filter(
    (key) =>
      !inResponse.has(key) && !['usage', 'choices', 'content', 'object', 'system_fingerprint'].includes(key),
  )
  const named = bare ? undefined : namedFields({ ...survey, keys: outside }, document)
  const response = (...path: string[]): string =>
    firstOf(...at.map((place) => document.text(...place, ...path)))!
  return {
    document,
    response,
    responseList: (path, key) =>
      `coalesce(${at.map((place) => document.list([...place, ...path], key)).join(', ')})`,
    wrapper: named?.fields ?? {},
    wrapperTags: named?.tags,
    wrapperError: wrapperError(document, named?.fields.error),
    bare,
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
    request_model: request('model'),
    user_id: firstOf(request('user'), request('metadata', 'user_id'))!,
    max_tokens: firstOf(
      request('max_tokens'),
      request('max_completion_tokens'),
      request('max_output_tokens'),
    )!,
    temperature: request('temperature'),
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
      out[field] = firstOf(out[field], sql)!
    }
  }
  return out
}
