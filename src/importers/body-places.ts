/**
 * Bodies of providers' responses stand bare in a log, or anywhere in a wrapper that adds who asked and when,
 * as an object, as the JSON text of one, or as the list of a stream's chunks. This finds where.
 */
import { isBody, isStrictBody } from './body-marks.js'
import { comparable, fieldNames } from './field-names.js'
import { isObject, literal, type Document, type Sample } from './importer.js'

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

/** Places of the sample's bodies, outermost first. */
export function bodyPlaces(sample: Sample): readonly Place[] {
  if (sample.kind !== 'json') return []
  const found = new Map<string, Place>()
  const add = (hops: readonly (readonly string[])[], list: boolean): void => {
    const key = JSON.stringify(hops)
    found.set(key, { hops, list: list || (found.get(key)?.list ?? false) })
  }
  for (const record of sample.records) {
    if (isStrictBody(record) || (isBody(record) && !hasTime(record))) add([[]], false)
    else search(record, [[]], add, hasCounts(record) ? isStrictBody : isBody, 0)
  }
  const depth = ({ hops }: Place): number => hops.flat().length
  return withoutDoubles([...found.values()]).toSorted((a, b) => depth(a) - depth(b))
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
  Object.keys(record).some((key) => key !== 'created' && key !== 'created_at' && timeNames.has(comparable(key)))
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
    if (others.has(key)) continue
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
  const bodies = values.filter((value) => isObject(value) && isBody(value)) as Readonly<Record<string, unknown>>[]
  return (
    bodies.length > 0 &&
    values.every((value) => isObject(value)) &&
    (bodies.length === 1 || bodies.every((body) => 'candidates' in body || body['object'] === 'chat.completion.chunk'))
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
    .map((key) => `coalesce(json_type(x, ${literal(`/${key}`)}) = 'OBJECT', false)`)
    .join(' OR ')
  return `CASE WHEN starts_with(${text}, '[') THEN CAST(list_filter(from_json(CASE WHEN json_valid(${text}) THEN ${text} END, '["JSON"]'), lambda x: ${usage})[-1] AS VARCHAR) ELSE ${text} END`
}

/** Access to the body at a place. */
export function bodyAt(document: Document, place: Place): Body {
  let inner = document
  const before = place.hops.slice(0, -1)
  const last = place.hops.at(-1)!
  for (const [i, hop] of before.entries()) {
    const list = place.list && i === before.length - 1
    inner = list ? inner.embeddedIn(hop, lastChunk) : inner.embedded(...hop)
  }
  return {
    text: (...path) => inner.text(...last, ...path),
    list: (path, key) => inner.list([...last, ...path], key),
  }
}

/** Access to a value of the record itself, also where the object that holds it is read as a text. */
export const outerText =
  (document: Document, places: readonly Place[]) =>
  (...path: string[]): string => {
    const parsed = places.some(({ hops }) => hops.length > 1 && hops[0]![0] === path[0] && hops[0]!.length === 1)
    return parsed && path.length > 1
      ? document.embedded(path[0]!).text(...path.slice(1))
      : document.text(...path)
  }
