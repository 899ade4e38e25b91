/**
 * What keys the records of a unit have, anywhere in the file: a plan reads what is there, and what it does
 * not read must be named. Values are not looked at here.
 */
import { type Database } from '../../db/database.js'
import { pointerOf } from '../../importers/document.js'
import type { Sample, Survey } from '../../importers/survey.js'
import { isDecidedByWords } from '../../importers/records/mode-names.js'
import { isLookedInto } from '../../importers/unread/money.js'
import { comparable } from '../../importers/records/comparable.js'
import { countOrHitNames } from '../../importers/records/field-names.js'
import { isContainer } from '../../importers/records/named-entries.js'
import type { SourceRelation } from './normalise.js'
import { quoteText } from '../../domain/words/quoting.js'

export interface SurveyResult {
  readonly survey: Survey
  /** Some record has the same key twice. */
  readonly repeatsKeys: boolean
  /** Every line is a JSON object. */
  readonly allRecords: boolean
}

/** Objects inside objects are looked into down to this depth. */
const deepest = 8
/** Most places that are looked into: the most hostile log must not make a statement without end. */
const mostPlaces = 200
/** Most keys of one object that count. */
const mostKeys = 2000

/** No SQL has the sign NUL in a text: an object under such a key can't be asked for. */
const canBeAsked = (key: string): boolean => !key.includes('\u0000')

/** A place in a record: the keys that lead to an object. */
type Place = readonly string[]

const nameOf = (place: Place): string => JSON.stringify(place)

/** Every key that occurs in the records and in the objects that are looked into. */
export async function surveyJson(
  db: Database,
  relation: SourceRelation,
  sample: Sample,
): Promise<SurveyResult> {
  // A guess from the sample saves a pass for each depth; what the sample lacks is found in further passes.
  const guess = objectsOf(sample).slice(0, mostPlaces - 1)
  const first = await firstPass(db, relation, [[], ...guess])
  const shape = new Map<string, readonly string[]>()
  const asked = new Set<string>()
  let next: Place[] = []
  const note = (places: readonly Place[], found: readonly string[][]): void => {
    for (const place of places) asked.add(nameOf(place))
    for (const [i, place] of places.entries()) {
      const list = found[i] ?? []
      if (list.length === 0) continue
      shape.set(nameOf(place), list)
      if (place.length < deepest) next.push(...unsampled(inside(place, list), sample))
    }
  }
  note([[], ...guess], first.keys)
  const valid = first.allRecords
    ? `SELECT text FROM (${relation.sql})`
    : `SELECT text FROM (${relation.sql}) WHERE json_valid(text) AND starts_with(ltrim(text), '{')`
  while (next.length > 0) {
    const places = unasked(next, asked).slice(0, mostPlaces - asked.size)
    next = []
    if (places.length > 0) note(places, await keysAt(db, valid, places))
  }
  const keys = shape.get(nameOf([])) ?? []
  for (const place of sampledTexts(sample)) {
    const value = `CASE WHEN json_valid(text) THEN json_extract_string(text, ${quoteText(pointerOf(place))}) END`
    await surveyTexts(db, `SELECT ${value} AS text FROM (${valid})`, place, shape)
  }
  const innerKeys = new Map<string, readonly string[]>()
  for (const key of keys.filter(isContainer)) {
    const inner = shape.get(nameOf([key]))
    if (inner !== undefined) innerKeys.set(key, inner)
  }
  const { repeatsKeys, allRecords } = first
  const words = await wordsUnder(
    db,
    decidedByWords(shape, sample),
    valid,
    // The engine may ask this before it has left the other lines out.
    (place) =>
      `CASE WHEN json_valid(text) THEN json_extract_string(text, ${quoteText(pointerOf(place))}) END`,
  )
  // The engine may ask this before it has left the other lines out.
  const textOf = (key: string): string =>
    `CASE WHEN json_valid(text) THEN json_extract_string(text, ${quoteText(pointerOf([key]))}) END`
  const counted = await countedUnder(db, sample, keys, valid, textOf)
  return { survey: { sample, keys, innerKeys, shape, words, counted }, repeatsKeys, allRecords }
}

/** Most places whose words are asked for: hardly any log has two. */
const mostDecided = 10

/** The places at which the words of the whole file decide what they mean; most logs have none. */
const decidedByWords = (shape: ReadonlyMap<string, readonly string[]>, sample: Sample): Place[] =>
  [...shape]
    .flatMap(([place, keys]) => keys.map((key) => [...(JSON.parse(place) as string[]), key]))
    .filter((place) => place.every(canBeAsked) && isDecidedByWords(place, sample))
    .slice(0, mostDecided)

/** The distinct words at some places, by the name of the place. */
async function wordsUnder(
  db: Database,
  places: readonly Place[],
  records: string,
  textOf: (place: Place) => string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const words = new Map<string, readonly string[]>()
  for (const place of places) {
    const { rows } = await db.query<{ word: string }>(
      `SELECT DISTINCT left(${textOf(place)}, 100) AS word FROM (${records}) WHERE ${textOf(place)} IS NOT NULL ORDER BY word LIMIT 100`,
    )
    words.set(
      nameOf(place),
      rows.map(({ word }) => word),
    )
  }
  return words
}

/** Keys named `cached` and such whose values are all numbers, and some of them above 1. */
async function countedUnder(
  db: Database,
  sample: Sample,
  keys: readonly string[],
  records: string,
  textOf: (key: string) => string,
): Promise<ReadonlySet<string>> {
  const counted = new Set<string>()
  // Where the sample has a truth, as most logs have, the file need not be asked.
  const mayCount = (key: string): boolean =>
    sample.records.every((record) => Number.isFinite(Number(plainDigits(record[key]))))
  const asked = keys.filter((name) => canBeAsked(name) && countOrHitNames.includes(comparable(name)))
  for (const key of asked.filter(mayCount)) {
    const { others, most } = await db.one<{ others: number; most: number | null }>(
      `SELECT count(*) FILTER (n IS NULL AND v NOT IN ('', 'null', 'None')) AS others, max(n) AS most
       FROM (SELECT v, TRY_CAST(regexp_replace(v, '[,'' ]', '', 'g') AS DOUBLE) AS n FROM (SELECT ${textOf(key)} AS v FROM (${records})))`,
    )
    if (others === 0 && most !== null && most > 1) counted.add(key)
  }
  return counted
}

/** A value without what groups its digits; a truth is no number. */
const plainDigits = (value: unknown): unknown =>
  typeof value === 'string'
    ? value.replaceAll(/[,' ]|^(?:null|None)$/g, '')
    : typeof value === 'boolean'
      ? NaN
      : (value ?? 0)

/** The places right below one, that may hold an object of interest. */
const inside = (place: Place, keys: readonly string[]): Place[] =>
  keys
    .filter(canBeAsked)
    .filter((key) => isLookedInto(key) || (place.length === 0 && isContainer(key)))
    .map((key) => [...place, key])

function unasked(places: readonly Place[], asked: ReadonlySet<string>): Place[] {
  const found = new Map(places.map((place) => [nameOf(place), place]))
  return [...found].filter(([name]) => !asked.has(name)).map(([, place]) => place)
}

/** The value at a place of a sampled record. */
const valueAt = (record: unknown, place: Place): unknown =>
  place.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined,
    record,
  )

/** Places at which no sampled record has a plain value: only the file can tell what stands there. */
const unsampled = (places: readonly Place[], sample: Sample): Place[] =>
  places.filter((place) =>
    sample.records.every((record) => {
      const value = valueAt(record, place)
      return value === null || value === undefined || (typeof value === 'object' && !Array.isArray(value))
    }),
  )

/** Places of objects in the sample. */
function objectsOf(sample: Sample): Place[] {
  const found = new Map<string, Place>()
  const walk = (value: unknown, place: Place): void => {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || place.length > deepest) return
    if (place.length > 0) found.set(nameOf(place), place)
    for (const [key, inner] of Object.entries(value))
      if (canBeAsked(key) && (isLookedInto(key) || (place.length === 0 && isContainer(key))))
        walk(inner, [...place, key])
  }
  for (const record of sample.records) walk(record, [])
  return [...found.values()]
}

/** Places in the sample of texts that are JSON objects. */
function sampledTexts(sample: Sample): Place[] {
  const found = new Map<string, Place>()
  const walk = (value: unknown, place: Place): void => {
    if (typeof value === 'string') {
      if (/^\s*\{.*\}\s*$/s.test(value)) found.set(nameOf(place), place)
      return
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value) || place.length > 3) return
    for (const [key, inner] of Object.entries(value))
      if (canBeAsked(key) && isLookedInto(key)) walk(inner, [...place, key])
  }
  for (const record of sample.records) walk(record, [])
  return [...found.values()]
}

/** The keys of the objects at each place, over all records. */
async function keysAt(db: Database, valid: string, places: readonly Place[]): Promise<string[][]> {
  const pointers = places.map((place) => quoteText(pointerOf(place))).join(', ')
  const { rows } = await db.query<{ place: number; keys: string[] }>(
    `WITH shapes AS MATERIALIZED (
       SELECT any_value(keys) AS keys FROM (SELECT json_keys(text, [${pointers}]) AS keys FROM (${valid})) GROUP BY hash(keys)),
     parts AS (SELECT unnest(range(${places.length})) AS place, unnest(keys) AS keys FROM shapes)
     SELECT place, list_distinct(flatten(list(keys))) AS keys FROM parts WHERE len(keys) > 0 GROUP BY place`,
  )
  const out: string[][] = places.map(() => [])
  for (const { place, keys } of rows) out[place] = keys.slice(0, mostKeys)
  return out
}

interface FirstPass {
  /** The keys at each place, those of the most common records first. */
  readonly keys: readonly string[][]
  /** Some record has the same key twice. */
  readonly repeatsKeys: boolean
  readonly allRecords: boolean
}

/**
 * The keys of the records and of the objects that the sample has. Where every line is an object, which this
 * one pass finds out, later steps need not ask again; else the bad lines are left out in a slower one.
 */
async function firstPass(
  db: Database,
  relation: SourceRelation,
  places: readonly Place[],
): Promise<FirstPass> {
  const pointers = places.map((place) => quoteText(place.length === 0 ? '$' : pointerOf(place))).join(', ')
  // A list of one list takes longer than the list.
  const alone = places.length === 1
  const keys = alone ? 'json_keys(text)' : `json_keys(text, [${pointers}])`
  const pass = async (texts: string, quick: boolean): Promise<FirstPass> => {
    const { rows } = await db.query<{ keys: (string[] | null)[] | null }>(
      `SELECT ${alone ? 'CASE WHEN any_value(keys) IS NOT NULL THEN [any_value(keys)] END' : 'any_value(keys)'} AS keys FROM (SELECT ${texts})
       GROUP BY hash(keys), keys IS NULL ORDER BY count(*) DESC`,
    )
    const lists = rows.flatMap((row) => (row.keys === null ? [] : [row.keys]))
    return {
      keys: places.map((_, i) => distinct(lists.map((list) => list[i] ?? []))),
      repeatsKeys: lists.some(([own]) => new Set(own).size < (own?.length ?? 0)),
      allRecords: quick && lists.length === rows.length,
    }
  }
  try {
    return await pass(
      `CASE WHEN starts_with(text, '{') THEN ${keys} END AS keys FROM (${relation.sql})`,
      true,
    )
  } catch {
    return pass(
      `${keys} AS keys FROM (${relation.sql}) WHERE json_valid(text) AND starts_with(ltrim(text), '{')`,
      false,
    )
  }
}

/** The keys of a CSV file's cells that hold JSON objects, beside its header. */
export async function surveyCsv(
  db: Database,
  relation: SourceRelation,
  sample: Sample,
): Promise<SurveyResult> {
  const { header } = relation
  const shape = new Map<string, readonly string[]>([[nameOf([]), header]])
  const innerKeys = new Map<string, readonly string[]>()
  const inSample = new Set(
    sample.records.flatMap((record) =>
      Object.entries(record).flatMap(([key, value]) => (String(value).startsWith('{') ? [key] : [])),
    ),
  )
  for (const [i, name] of header.entries()) {
    if (!isContainer(name) && !(inSample.has(name) && isLookedInto(name))) continue
    await surveyCell(db, relation, [i, name], shape)
    const inner = shape.get(nameOf([name]))
    if (isContainer(name) && inner !== undefined) innerKeys.set(name, inner)
  }
  const words = await wordsUnder(
    db,
    decidedByWords(shape, sample),
    relation.sql,
    ([column = '', ...inner]) => {
      const cell = `c${header.indexOf(column)}`
      if (inner.length === 0) return cell
      return `CASE WHEN json_valid(${cell}) THEN json_extract_string(${cell}, ${quoteText(pointerOf(inner))}) END`
    },
  )
  const textOf = (key: string): string => `c${header.indexOf(key)}`
  const counted = await countedUnder(db, sample, header, relation.sql, textOf)
  const survey = { sample, keys: header, innerKeys, shape, words, counted }
  return { survey, repeatsKeys: false, allRecords: false }
}

function surveyCell(
  db: Database,
  relation: SourceRelation,
  [index, name]: readonly [number, string],
  shape: Map<string, readonly string[]>,
): Promise<void> {
  return surveyTexts(db, `SELECT c${index} AS text FROM (${relation.sql})`, [name], shape)
}

/** The keys of objects that stand as texts at a place of the records; added to what is known of it. */
async function surveyTexts(
  db: Database,
  texts: string,
  base: Place,
  shape: Map<string, readonly string[]>,
): Promise<void> {
  const cells = `SELECT text FROM (${texts}) WHERE starts_with(text, '{') AND json_valid(text)`
  let next: Place[] = [[]]
  for (let depth = 0; next.length > 0 && depth < deepest; depth++) {
    const places = next.slice(0, mostPlaces)
    const found = await keysAt(db, cells, places)
    next = []
    for (const [i, place] of places.entries()) {
      const list = found[i] ?? []
      if (list.length === 0) continue
      const name = nameOf([...base, ...place])
      shape.set(name, [...new Set([...(shape.get(name) ?? []), ...list])])
      next.push(...list.filter((key) => canBeAsked(key) && isLookedInto(key)).map((key) => [...place, key]))
    }
  }
}

/** Keys of the most common records first. */
const distinct = (lists: readonly (readonly string[])[]): string[] =>
  [...new Set(lists.flat())].slice(0, mostKeys)
