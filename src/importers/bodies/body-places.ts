/**
 * Bodies of providers' responses stand bare in a log, or anywhere in a wrapper that adds who asked and when,
 * as an object, as the JSON text of one, or as the list of a stream's chunks. This finds where.
 */
import { counts, isBody, isMessageStart, isStrictBody } from './body-marks.js'
import { comparable } from '../records/comparable.js'
import { fieldNames } from '../records/field-names.js'
import { firstOf, type Document } from '../document.js'
import { isObject } from '../sample-values.js'
import type { Sample, Survey } from '../survey.js'
import { quoteText } from '../../domain/words/quoting.js'

/** Where a body stands: keys that lead inwards, parted where a text has to be parsed on the way. */
export interface Place {
  readonly hops: readonly (readonly string[])[]
  /** The value is a list of chunks in some records: the last one with a usage counts. */
  readonly list: boolean
}

/** Access to the values of a body, wherever in the record it stands. */
export interface Body {
  /** SQL for the text at a path of the body; NULL where absent. */
  readonly text: (...path: string[]) => string
  /** SQL for a list of texts: the value of `key` in each element of the list at a path of the body. */
  readonly list: (path: readonly string[], key: string) => string
}

/** Keys below which no response stands: what was asked, and what was said. */
const others = new Set(
  'request,req,messages,choices,candidates,content,contents,parts,tools,input,inputs,prompt,headers,prompt_filter_results,usage,usageMetadata,usage_metadata,choice'.split(
    ',',
  ),
)
const deepest = 4

/**
 * Places that are read at most: each adds its own columns to the plan, so that a small file with hundreds of
 * them would take all memory. Usage that stands elsewhere is named as not read.
 */
export const mostPlaces = 12

/** Places of the sample's bodies, outermost first: of very many those that most records have. */
export function bodyPlaces(sample: Sample): readonly Place[] {
  const found = new Map<string, Place & { readonly records: number }>()
  const add = (hops: readonly (readonly string[])[], list: boolean): void => {
    const key = JSON.stringify(hops)
    const known = found.get(key)
    found.set(key, { hops, list: list || (known?.list ?? false), records: (known?.records ?? 0) + 1 })
  }
  for (const record of sample.records) {
    const isRecord = sample.kind === 'json'
    if (isRecord && (isStrictBody(record) || (isBody(record) && !hasTime(record)))) add([[]], false)
    else if (isRecord || !hasCounts(record))
      search(record, [[]], add, hasCounts(record) ? isStrictBody : isBody, 0)
  }
  const usual = [...found.values()].toSorted((a, b) => b.records - a.records).slice(0, mostPlaces)
  return withoutDoubles(usual.map(({ hops, list }) => ({ hops, list }))).toSorted(inOrder)
}

/** The name under which most wrappers have the body goes before others, the last in the order. */
const usualName = 'response'

/**
 * The outermost first, and of one depth by their names alone: how many records of a run have a body at a place
 * must not decide which of two a record is read from, or the other files of the run would.
 */
function inOrder(a: Place, b: Place): number {
  const path = ({ hops }: Place): string[] => hops.flat()
  const [one, other] = [path(a), path(b)]
  const isUsual = (keys: readonly string[]): number => (keys[0] === usualName ? 1 : 0)
  const [x, y] = [JSON.stringify(one), JSON.stringify(other)]
  return one.length - other.length || isUsual(one) - isUsual(other) || (x < y ? -1 : x > y ? 1 : 0)
}

/** Keys that a body has beside its usage. */
const besideUsage = [
  'choices',
  'object',
  'candidates',
  'type',
  'stop_reason',
  'stopReason',
  'modelVersion',
  'model',
]

/** Places where bodies stand by their keys, though no sampled record has one there: the file is larger. */
export function unsampledPlaces(survey: Survey, found: readonly Place[]): readonly Place[] {
  const known = new Set(found.map(({ hops }) => JSON.stringify(hops.flat())))
  return [...survey.shape]
    .filter(([place]) => !known.has(place))
    .map(([place, keys]) => ({ path: JSON.parse(place) as string[], keys }))
    .filter(({ path }) => path.length > 0 && path.length <= deepest && !path.some((key) => others.has(key)))
    .filter(({ keys }) => ['usage', 'usageMetadata', 'usage_metadata'].some((key) => keys.includes(key)))
    .filter(({ keys }) => besideUsage.some((key) => keys.includes(key)))
    .map(({ path }) => ({ hops: [path], list: false }))
}

/** Where a place holds a text in some records and an object in others, the text's way reads both. */
function withoutDoubles(places: readonly Place[]): readonly Place[] {
  const best = new Map<string, Place>()
  for (const place of places) {
    const key = JSON.stringify(place.hops.flat())
    const known = best.get(key)
    if (known === undefined || place.hops.length > known.hops.length) best.set(key, place)
  }
  return [...best.values()]
}

/** True for a record of one's own around a usage: it says when the call was. */
const hasTime = (record: Readonly<Record<string, unknown>>): boolean =>
  Object.keys(record).some(
    (key) => key !== 'created' && key !== 'created_at' && timeNames.has(comparable(key)),
  )
const timeNames = new Set(fieldNames.ts)

/** True for a record that has its counts itself: what stands inside repeats them, if it is no response. */
const hasCounts = (record: Readonly<Record<string, unknown>>): boolean =>
  Object.keys(record).some((key) => countNames.has(comparable(key)))
const countNames = new Set([...(fieldNames.input_tokens ?? []), ...(fieldNames.output_tokens ?? [])])

type IsBody = (value: Readonly<Record<string, unknown>>) => boolean

function search(
  record: Readonly<Record<string, unknown>>,
  hops: readonly (readonly string[])[],
  add: (hops: readonly (readonly string[])[], list: boolean) => void,
  is: IsBody,
  depth: number,
): void {
  if (depth >= deepest) return
  for (const [key, value] of Object.entries(record)) {
    // No SQL has the sign NUL in a text, so that nothing could be read there.
    if (others.has(key) || key.includes('\u0000')) continue
    const inner = [...hops.slice(0, -1), [...hops.at(-1)!, key]]
    if (Array.isArray(value)) {
      if (isStream(value)) add([...inner, []], true)
      continue
    }
    const parsed = typeof value === 'string' ? parsedObject(value) : value
    if (Array.isArray(parsed)) {
      if (isStream(parsed)) add([...inner, []], true)
      continue
    }
    if (!isObject(parsed)) continue
    const next = typeof value === 'string' ? [...inner, []] : inner
    if (is(parsed)) add(next, false)
    else search(parsed, next, add, is, depth + 1)
  }
}

/** A list of chunks of one answer, not of answers: they say so, or carry one id. */
function isStream(values: readonly unknown[]): boolean {
  const bodies = values.filter((value) => isObject(value) && isBody(value)) as Readonly<
    Record<string, unknown>
  >[]
  return (
    bodies.length > 0 &&
    values.every((value) => isObject(value)) &&
    (values.some((value) => isObject(value) && isMessageStart(value)) ||
      bodies.length === 1 ||
      bodies.every((body) => 'candidates' in body || body['object'] === 'chat.completion.chunk'))
  )
}

function parsedObject(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** SQL of the last chunk with a usage, where the text is a list; else the text. */
const lastChunk = (text: string): string => {
  const usage = ['usageMetadata', 'usage_metadata', 'usage']
    .map((key) => `coalesce(json_type(x, ${quoteText(`/${key}`)}) = 'OBJECT', false)`)
    .join(' OR ')
  const chunks = `from_json(CASE WHEN json_valid(${text}) THEN ${text} END, '["JSON"]')`
  const event = (type: string): string =>
    `list_filter(${chunks}, lambda x: json_extract_string(x, '/type') = '${type}')[-1]`
  const ending = `json_object('usage', json_extract(${event('message_delta')}, '/usage'), 'stop_reason', json_extract(${event('message_delta')}, '/delta/stop_reason'))`
  return `CASE WHEN starts_with(${text}, '[') AND contains(${text}, '"message_start"')
      THEN CAST(json_merge_patch(json_extract(${event('message_start')}, '/message'), ${ending}) AS VARCHAR)
    WHEN starts_with(${text}, '[') THEN CAST(list_filter(${chunks}, lambda x: ${usage})[-1] AS VARCHAR) ELSE ${text} END`
}

/** SQL of what is nowhere in the file: it need not be looked for in each record. */
export const absent = 'CAST(NULL AS VARCHAR)'
export const absentList = 'CAST(NULL AS VARCHAR[])'

/** SQL: the first of these that is not NULL. */
export const firstThere = (...expressions: readonly string[]): string =>
  firstOf(...expressions.filter((sql) => sql !== absent)) ?? absent

/** True when a key is in some record of the file, as far as its objects were looked into. */
function isThere(survey: Survey, path: readonly string[]): boolean {
  return path.every((key, i) => survey.shape?.get(JSON.stringify(path.slice(0, i)))?.includes(key) ?? true)
}

/**
 * Access to the bodies at some places. A bare one is read in the pass that reads the record; of others the
 * text is taken out first, wherever it stands, and then parsed as one document.
 */
export function bodyAt(survey: Survey, document: Document, places: readonly Place[]): Body {
  const bare = places.every(({ hops }) => hops.flat().length === 0)
  const inner = bare
    ? document
    : document.embeddedAt(
        places.toReversed().map((place) => textAt(document, place)),
        chosen,
      )
  const there = (path: readonly string[]): boolean =>
    places.some(({ hops, list }) => list || hops.length > 1 || isThere(survey, [...hops.flat(), ...path]))
  return {
    text: (...path) => (there(path) ? inner.text(...path) : absent),
    list: (path, key) => (there(path) ? inner.list(path, key) : absentList),
  }
}

/** SQL for the text of the value at a place, with the path that it has in the record. */
function textAt(document: Document, { hops, list }: Place): { sql: string; path: readonly string[] } {
  const path = hops.flat()
  if (path.length === 0) return { sql: document.whole, path }
  let inner = document
  const way = hops.filter((hop) => hop.length > 0)
  for (const hop of way.slice(0, -1)) inner = inner.embedded(...hop)
  const sql = inner.text(...way.at(-1)!)
  return { sql: list ? lastChunk(sql) : sql, path }
}

/** Words that stand in the text of a body with a usage. */
const marks = ['"usage', 'billed_units"', 'eval_count"']

/** Where a body has its counts, and under which of these names. */
const countsAt: readonly (readonly [pointer: string, names: readonly string[]])[] = [
  ['/usage', [...counts, 'total_tokens', 'input_tokens_details', 'billed_units', 'tokens', 'type']],
  ['/usage_metadata', [...counts, 'prompt_token_count', 'candidates_token_count', 'total_token_count']],
  ['/usageMetadata', ['promptTokenCount', 'candidatesTokenCount', 'totalTokenCount', 'responseTokenCount']],
  ['/meta', ['billed_units', 'tokens']],
  ['', ['eval_count', 'prompt_eval_count']],
]

/**
 * SQL: of the texts that may be the body, the first whose usage counts, else the first with any usage, else the first
 * that is an object. Where another file of the run has its bodies, a record may have something else.
 */
function chosen(texts: readonly string[]): string {
  if (texts.length === 1) return texts[0]!
  const has = (text: string): string =>
    marks.map((mark) => `contains(${text}, ${quoteText(mark)})`).join(' OR ')
  const names = (list: readonly string[]): string => `[${list.map((name) => quoteText(name)).join(', ')}]`
  const counting = (text: string): string =>
    `CASE WHEN json_valid(${text}) THEN ${countsAt.map(([pointer, list]) => `coalesce(list_has_any(json_keys(${text}, ${quoteText(pointer)}), ${names(list)}), false)`).join(' OR ')} END`
  const cases = [
    ...texts.map(
      (text) => `WHEN starts_with(${text}, '{') AND (${has(text)}) AND ${counting(text)} THEN ${text}`,
    ),
    ...texts.map((text) => `WHEN starts_with(${text}, '{') AND (${has(text)}) THEN ${text}`),
    ...texts.map((text) => `WHEN starts_with(${text}, '{') THEN ${text}`),
  ]
  return `CASE ${cases.join(' ')} END`
}

/** Access to a value of the record itself, also where the object that holds it is read as a text. */
export const outerText =
  (survey: Survey, document: Document, places: readonly Place[]) =>
  (...path: string[]): string => {
    if (!isThere(survey, path.slice(0, 1))) return absent
    const parsed = places.some(
      ({ hops }) => hops.length > 1 && hops[0]!.length === 1 && hops[0]![0] === path[0],
    )
    if (parsed && path.length > 1) return document.embedded(path[0]!).text(...path.slice(1))
    return isThere(survey, path) ? document.text(...path) : absent
  }
