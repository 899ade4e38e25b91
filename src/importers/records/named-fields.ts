/**
 * Finds the fields of a call in a record by the names that loggers use (field-names.ts). The `llmcost`
 * importer reads whole records so; the importers of raw responses read the wrapper around them so.
 */
import { answerHit, cacheWord } from './cache-words.js'
import { callFields, type CallField } from '../../domain/call.js'
import {
  costPartNames,
  derivedNames,
  fieldNames,
  fiveMinuteNames,
  namesOfOneCall,
  parentNames,
  plainInputNames,
  secondNames,
  spanNames,
  toolTokenNames,
  totalTokenNames,
} from './field-names.js'
import { isContent } from './content-names.js'
import { absent } from '../bodies/body-places.js'
import { allWrites, sumOf } from '../bodies/counts.js'
import { inCurrencyOf, reportedCost, type InCurrency } from './cost-fields.js'
import { currenciesNear } from './currency-names.js'
import { firstOf, type Document } from '../document.js'
import { hasCallIdPrefix, isLongId } from '../call-ids.js'
import type { ReadPlan } from '../importer.js'
import type { Survey } from '../survey.js'
import {
  allowedIn,
  entriesOf,
  isAddressable,
  isContainer,
  isUsage,
  placeOf,
  type Entry,
} from './named-entries.js'
import { regionOf, speedOf, tierOf } from './named-modes.js'
import { mapSql, shortLabel, tagListSql } from './tag-sql.js'
import { quoteText } from '../../domain/words/quoting.js'

export interface NamedFields {
  readonly fields: Partial<Record<CallField, string>>
  readonly tags: string | undefined
  readonly foundUnder: NonNullable<ReadPlan['foundUnder']>
  readonly totalTokens: string | undefined
  readonly toolTokens: string | undefined
  readonly costParts: readonly string[]
  /** What a key named `tier` alone was taken for; undefined where there is none. */
  readonly tierTakenFor: ReadPlan['tierTakenFor'] | undefined
  /** SQL for the tier that stands inside an object such as a request; the answer's own goes before. */
  readonly askedTier: string | undefined
  readonly relativeTimeUnit: 's' | 'ms'
  /** SQL for what the id says; see ReadPlan. */
  readonly idKind: string | undefined
  readonly spans: ReadPlan['spans']
  /** Fields that add up several values. */
  readonly addedUp: readonly CallField[]
}

const nameOf = ({ container, key }: Entry): string => (container === undefined ? key : `${container}.${key}`)

/** Most tags that one source may bring; the most hostile log must not widen the store without end. */
const tagLimit = 100

/** @returns SQL for every field that the survey's keys offer, and for the tags that remain. */
export function namedFields(survey: Survey, document: Document): NamedFields {
  const entries = entriesOf(survey, document)
  const used = new Set<Entry>()
  const take = (names: readonly string[], allowed: (entry: Entry) => boolean): string | undefined => {
    const found = names.flatMap((name) => entries.filter((e) => e.name === name && allowed(e)))
    for (const entry of found) used.add(entry)
    return firstOf(...found.map(valueOf))
  }
  const fields: Partial<Record<CallField, string>> = {}
  const foundUnder: Partial<Record<CallField, { name: string; sql: string }[]>> = {}
  const currencies = currenciesOf(survey, entries, document, (e) => used.add(e))
  for (const field of callFields) {
    const before = new Set(used)
    if (field === 'service_tier') continue
    const allowed = (e: Entry): boolean => allowedIn(e, field)
    const sql =
      field === 'reported_cost_usd'
        ? reportedCost(entries, allowed, (e) => used.add(e), currencies)
        : take(fieldNames[field] ?? [], allowed)
    if (sql === undefined) continue
    fields[field] = sql
    foundUnder[field] = [...used].filter((e) => !before.has(e)).map((e) => ({ name: nameOf(e), sql: e.sql }))
  }
  const cached = fields.cache_read_input_tokens
  const truths = entries.filter((e) => fieldNames.cache_hit?.includes(e.name) && allowedIn(e, 'cache_hit'))
  // The words stay labels: a cache may have a name.
  const hit = firstOf(answerHit(truths, cached), cacheWord(entries, survey, document, cached))
  if (hit !== undefined) fields.cache_hit = hit
  const tier = tierOf(survey, entries, document)
  if (tier.sql !== undefined) fields.service_tier = tier.sql
  for (const entry of tier.used) used.add(entry)
  const modes = { speed: speedOf(fields.speed, entries), region: regionOf(fields, entries) }
  if (modes.speed !== undefined) fields.speed = modes.speed
  if (modes.region !== undefined) fields.region = modes.region
  for (const [field, names] of Object.entries(secondNames) as [
    'latency_ms' | 'ttft_ms',
    readonly string[],
  ][]) {
    const seconds = take(names, (e) => e.container === undefined)
    const ms = seconds && `CAST(TRY_CAST(${seconds} AS DOUBLE) * 1000 AS VARCHAR)`
    const sql = firstOf(fields[field], ms)
    if (sql !== undefined) fields[field] = sql
  }
  const besideTop = (e: Entry): boolean => e.container === undefined || isUsage(e)
  const fiveMinutes = take(fiveMinuteNames, besideTop)
  if (fiveMinutes !== undefined) fields.cache_creation_input_tokens = withFiveMinutes(fields, fiveMinutes)
  const plainInput = take(plainInputNames, besideTop)
  if (plainInput !== undefined) fields.input_tokens = withPlainInput(fields, plainInput)
  const ids = idsOf(entries, fields)
  if (ids !== undefined) fields.call_id = ids.id
  const toolTokens = take(toolTokenNames, besideTop)
  const totalTokens = take(totalTokenNames, besideTop)
  const costParts = costPartNames.map((names) => take(names, besideTop))
  const aPart = entries.find((e) => besideTop(e) && costPartNames.flat().includes(e.name))
  const inCurrency = aPart === undefined ? undefined : currencies(aPart)
  take(derivedNames, () => true)
  return {
    fields,
    foundUnder,
    idKind: ids?.kind,
    spans: spansOf(entries),
    addedUp: [
      ...(fiveMinutes === undefined ? [] : (['cache_creation_input_tokens'] as const)),
      ...(plainInput === undefined ? [] : (['input_tokens'] as const)),
    ],
    totalTokens,
    toolTokens,
    tierTakenFor: tier.meaning,
    askedTier: tier.asked,
    costParts: costParts.every((part) => part !== undefined)
      ? costParts.map((part) => (inCurrency === undefined ? part : inCurrency(part)))
      : [],
    tags: tagsSql(
      entries.filter((e) => !used.has(e)),
      survey,
      document,
    ),
    relativeTimeUnit: entries.some((e) => e.name === 'timestampms' || e.name === 'tsms') ? 'ms' : 's',
  }
}

/** SQL for all cache writes: as they are given, or those of five minutes and of an hour where that is more. */
function withFiveMinutes(fields: NamedFields['fields'], fiveMinutes: string): string {
  const { cache_creation_input_tokens: all, cache_creation_1h_input_tokens: hour } = fields
  return allWrites(all ?? absent, fiveMinutes, hour ?? absent)
}

/** SQL for all input: as it is given, else what was not cached and what was. */
function withPlainInput(fields: NamedFields['fields'], plain: string): string {
  const cached = [fields.cache_read_input_tokens, fields.cache_creation_input_tokens].map((sql) => sql ?? absent) // prettier-ignore
  const whole = `CASE WHEN ${plain} IS NOT NULL THEN ${sumOf(plain, ...cached)} END`
  return firstOf(fields.input_tokens, whole)!
}

/** How the currency that stands near a cost is put behind it; what says a currency is no label. */
function currenciesOf(
  survey: Survey,
  entries: readonly Entry[],
  document: Document,
  use: (entry: Entry) => void,
): (cost: Entry) => InCurrency | undefined {
  const known = new Map<string, InCurrency | undefined>()
  const keys = new Set(survey.keys)
  const sqlOf = (path: readonly string[]): string | undefined => {
    const entry = entries.find((e) => placeOf(e) === JSON.stringify(path))
    if (entry !== undefined) {
      use(entry)
      return entry.sql
    }
    const [top = '', ...inner] = path
    if (inner.length === 0 || !path.every(isAddressable)) return undefined
    return document.embedded(top).text(...inner)
  }
  return (cost) => {
    const place = placeOf(cost)
    if (known.has(place)) return known.get(place)
    const near = currenciesNear(survey, [JSON.parse(place) as string[]])
    const texts = near
      .filter(({ path }) => keys.has(path[0]!))
      .flatMap(({ path, certain }) => {
        const sql = sqlOf(path)
        return sql === undefined ? [] : [{ sql, certain }]
      })
    const key = JSON.stringify(texts)
    if (!known.has(key)) known.set(key, inCurrencyOf(texts))
    const found = known.get(key)
    known.set(place, found)
    return found
  }
}

/** Names of a record and of the one above it, where the log has both. */
function spansOf(entries: readonly Entry[]): ReadPlan['spans'] {
  const texts = (names: readonly string[]): string[] =>
    names.flatMap((name) =>
      entries.filter((e) => e.name === name && e.container === undefined).map((e) => `nullif(${e.sql}, '')`),
    )
  const parent = firstOf(...texts(parentNames))
  const own = texts(spanNames)
  if (parent === undefined || own.length === 0) return undefined
  return { parent, own: `list_filter([${own.join(', ')}], lambda x: x IS NOT NULL)` }
}

/** SQL for the id and for what it says: the id of one call goes before those that may name more. */
function idsOf(
  entries: readonly Entry[],
  fields: NamedFields['fields'],
): { id: string; kind: string } | undefined {
  const texts = (names: readonly string[]): string[] =>
    names.flatMap((name) =>
      entries.filter((e) => e.name === name && e.container === undefined).map((e) => `nullif(${e.sql}, '')`),
    )
  const ofCall = firstOf(...texts(namesOfOneCall))
  const ofAny = firstOf(...texts((fieldNames.call_id ?? []).filter((name) => !namesOfOneCall.includes(name))))
  const logged = firstOf(ofCall, ofAny)
  if (logged === undefined) return undefined
  const id = fields.ts === undefined ? logged : withRowNumbersDated(logged, fields.ts)
  const provided = `${isLongId(logged)} AND ${hasCallIdPrefix(logged)}`
  // A later attempt under the id of the first is a call that was billed too.
  const retried = fields.attempt === undefined ? undefined : `TRY_CAST(${fields.attempt} AS DOUBLE) > 1`
  const cases = [
    `WHEN ${logged} IS NULL OR (${provided}) THEN NULL`,
    ...(retried === undefined ? [] : [`WHEN ${retried} THEN 'any'`]),
    ...(ofCall === undefined ? [] : [`WHEN ${ofCall} IS NOT NULL THEN NULL`]),
  ]
  return { id, kind: `CASE ${cases.join(' ')} ELSE 'any' END` }
}

/**
 * SQL for an id, where a short plain number is joined with its time: a row number of one table is not the
 * call of the same number in another, and taking it for one would lose calls.
 */
function withRowNumbersDated(id: string, ts: string): string {
  return `CASE WHEN strlen(${id}) <= 12 AND TRY_CAST(${id} AS BIGINT) IS NOT NULL THEN concat(${id}, '@', ${ts}) ELSE ${id} END`
}

/** SQL for an entry's value. A `system` is a provider's name or else a prompt, which no field is for. */
const valueOf = ({ name, sql }: Entry): string =>
  name === 'system' ? `CASE WHEN regexp_full_match(${sql}, '[^ ]{1,60}') THEN ${sql} END` : sql

/** Short labels that no field claimed, as a map; a list of `key:value` or plain words under `tags` too. */
function tagsSql(entries: readonly Entry[], survey: Survey, document: Document): string | undefined {
  const parts: string[] = []
  const names = new Map<string, string[]>()
  for (const entry of entries) {
    if (isContent(entry.key) || (entry.container !== undefined && isUsage(entry)) || entry.key.length > 60)
      continue
    if (entry.container === undefined && isContainer(entry.key)) continue
    names.set(entry.key, [...(names.get(entry.key) ?? []), entry.sql])
  }
  const kept = [...names].slice(0, tagLimit)
  if (kept.length > 0) {
    const pairs = kept.map(
      ([name, sqls]) => `{'key': ${quoteText(name)}, 'value': ${shortLabel(firstOf(...sqls)!)}}`,
    )
    parts.push(`list_filter([${pairs.join(', ')}], lambda t: t.value IS NOT NULL)`)
  }
  for (const key of survey.keys.filter((k) => /^(request_?)?tags$/i.test(k)))
    parts.push(tagListSql(document.text(key)))
  if (parts.length === 0) return undefined
  const all = parts.length === 1 ? parts[0]! : `list_concat(${parts.join(', ')})`
  return mapSql(all)
}
