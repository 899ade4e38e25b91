/**
 * Finds the fields of a call in a record by the names that loggers use (field-names.ts). The `llmcost`
 * importer reads whole records so; the importers of raw responses read the wrapper around them so.
 */
import { callFields, type CallField } from '../domain/call.js'
import {
  batchFlagNames,
  deploymentTypeNames,
  fastFlagNames,
  placeNames,
  comparable,
  costPartNames,
  derivedNames,
  fieldNames,
  fiveMinuteNames,
  isContent,
  namesOfOneCall,
  parentNames,
  secondNames,
  spanNames,
  toolTokenNames,
  totalTokenNames,
} from './field-names.js'
import { absent } from './body-places.js'
import { allWrites } from './counts.js'
import { inCurrencyOf, reportedCost, saysDollars, unitOfName, type InCurrency } from './cost-fields.js'
import { currenciesNear } from './currency-names.js'
import {
  firstOf,
  hasCallIdPrefix,
  isLongId,
  literal,
  type Document,
  type ReadPlan,
  type Survey,
} from './importer.js'
import { batchIds, isFlagOfBatch, isModeName, isNameOfBatch, isTierName, noPlaces } from './mode-names.js'
import { deploymentTypes, speakOfTiers, tierMeaning } from './tier-words.js'
import { mapSql, shortLabel, tagListSql } from './tag-sql.js'

/** Objects whose entries count as if they stood at the top: usage numbers, and labels. */
const usageContainers = ['usage', 'tokens', 'tokenusage', 'usagemetadata', 'tokencounts', 'cost', 'costs']
const labelContainers = [
  'metadata',
  'tags',
  'labels',
  'attributes',
  'properties',
  'customproperties',
  'extra',
  'dimensions',
]

/** Fields that a label container may give (numbers there are labels, not usage). */
const labelFields = new Set<CallField>([
  'feature',
  'endpoint',
  'user_id',
  'customer',
  'session_id',
  'trace_id',
  'team',
  'environment',
  'prompt_hash',
  'prompt_name',
  'cache_hit',
  'cache_type',
  'attempt',
  'quality_score',
  'user_feedback',
  'region',
])

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

interface Entry {
  readonly key: string
  readonly name: string
  readonly sql: string
  readonly container?: string
  /** Where it stands, where that is not the container's key. */
  readonly path?: readonly string[]
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
  const fiveMinutes = take(fiveMinuteNames, (e) => e.container === undefined || isUsage(e))
  if (fiveMinutes !== undefined) fields.cache_creation_input_tokens = withFiveMinutes(fields, fiveMinutes)
  const ids = idsOf(entries, fields)
  if (ids !== undefined) fields.call_id = ids.id
  const toolTokens = take(toolTokenNames, (e) => e.container === undefined || isUsage(e))
  const totalTokens = take(totalTokenNames, (e) => e.container === undefined || isUsage(e))
  const besideTop = (e: Entry): boolean => e.container === undefined || isUsage(e)
  const costParts = costPartNames.map((names) => take(names, besideTop))
  const aPart = entries.find((e) => besideTop(e) && costPartNames.flat().includes(e.name))
  const inCurrency = aPart === undefined ? undefined : currencies(aPart)
  take(derivedNames, () => true)
  return {
    fields,
    foundUnder,
    idKind: ids?.kind,
    spans: spansOf(entries),
    addedUp: fiveMinutes === undefined ? [] : ['cache_creation_input_tokens'],
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
 * SQL for the service tier: from flags of batches and ids of them, a tier by that name, one named `tier` alone, and
 * a mode whose words are all those of tiers. A tier that a request asked for stands apart.
 */
function tierOf(survey: Survey, entries: readonly Entry[], document: Document): TierFound {
  const wordsAt = (entry: Entry): readonly string[] | undefined => survey.words?.get(placeOf(entry))
  const at = (names: readonly string[]): Entry[] =>
    names.flatMap((name) => entries.filter((e) => e.name === name && allowedIn(e, 'service_tier')))
  const certain = entries.filter((e) => isLabel(e) && isTierName([e.key]) && speakOfTiers(wordsAt(e) ?? ['?']))
  const named = [...at((fieldNames.service_tier ?? []).filter((name) => name !== 'tier')), ...certain]
  const bare = at(['tier'])
  const words = bare.flatMap((entry) => wordsAt(entry) ?? ['?'])
  const meaning = bare.length === 0 ? undefined : named.length > 0 ? 'label' : tierMeaning(words)
  const flags = topLevel(entries, batchFlagNames)
  const numbered = topLevel(entries, ['batch'])
  const alone = numbered.map((entry) =>
    isTrue(entry.sql, isFlagOfBatch(wordsAt(entry) ?? []) ? [...trueWords, '1.0'] : ['true', 'yes'], 'batch'),
  )
  const ids = entries.filter((e) => !isUsage(e) && isNameOfBatch(e.key))
  const tiers = [...named, ...(meaning === 'service tier' ? bare : [])]
  // Where a tier stands under its own name, a mode is another thing.
  const modes = entries.filter((e) => tiers.length === 0 && !at(['tier']).includes(e) && isModeName([e.key]) && speakOfTiers(wordsAt(e) ?? ['?']))
  const asked = askedTiers(survey, entries, document)
  return {
    meaning: meaning ?? (modes.length > 0 ? 'mode' : undefined),
    used: [...tiers, ...flags],
    sql: firstOf(
      ...flags.map(({ sql }) => isTrue(sql, trueWords, 'batch')),
      ...alone,
      ...ids.map(({ sql }) => `CASE WHEN contains(${sql}, 'batch_') AND regexp_full_match(${sql}, ${literal(batchIds)}) THEN 'batch' END`),
      ...tiers.map((e) => (survey.shape.has(placeOf(e)) ? `CASE WHEN NOT starts_with(${e.sql}, '{') THEN ${e.sql} END` : e.sql)),
      ...modes.map(({ sql }) => sql),
      ...entries.flatMap(({ name, sql }) => tierOfPart(name, sql) ?? []),
      ...topLevel(entries, deploymentTypeNames).map(deploymentType),
    ),
    asked: firstOf(...asked),
  }
} // prettier-ignore

interface TierFound {
  readonly sql: string | undefined
  readonly used: readonly Entry[]
  readonly meaning: NamedFields['tierTakenFor']
  /** SQL for the tier of a request. */
  readonly asked: string | undefined
}

const placeOf = ({ container, key, path }: Entry): string =>
  JSON.stringify(path ?? (container === undefined ? [key] : [container, key]))

const isLabel = (entry: Entry): boolean => entry.container !== undefined && !isUsage(entry)

/** SQL for tiers under their own names further inside, where all words are those of tiers. */
function askedTiers(survey: Survey, entries: readonly Entry[], document: Document): string[] {
  const known = new Set(entries.map(placeOf))
  const keys = new Set(survey.keys.filter(isAddressable))
  return [...(survey.words ?? [])].flatMap(([place, words]) => {
    const path = JSON.parse(place) as string[]
    const [top = '', ...inner] = path
    if (inner.length === 0 || known.has(place) || !isTierName(path) || !keys.has(top)) return []
    if (!speakOfTiers(words) || !inner.every(isAddressable)) return []
    return [document.embedded(top).text(...inner)]
  })
}

/** SQL for the tier whose share of a count is told: `input_token_details.flex`, as LangChain has it. */
function tierOfPart(name: string, sql: string): string | undefined {
  const tier = /^(priority|flex) part$/.exec(name)?.[1]
  return tier && `CASE WHEN TRY_CAST(${sql} AS DOUBLE) > 0 THEN ${literal(tier)} END`
}

const trueWords = ['true', 't', 'yes', '1']
const isTrue = (sql: string, words: readonly string[], meaning: string): string =>
  `CASE WHEN lower(${sql}) IN (${words.map(literal).join(', ')}) THEN ${literal(meaning)} END`

const topLevel = (entries: readonly Entry[], names: readonly string[]): Entry[] =>
  names.flatMap((name) => entries.filter((e) => e.name === name && e.container === undefined))

/** SQL for the tier that Azure's name of a kind of deployment means; NULL for every other word. */
function deploymentType({ sql }: Entry): string {
  const words = Object.entries(deploymentTypes).map(
    ([word, tier]) => `WHEN ${literal(word)} THEN ${literal(tier)}`,
  )
  return `CASE regexp_replace(lower(${sql}), '[^a-z]', '', 'g') ${words.join(' ')} END`
}

/** SQL for the speed: a word under its own name, else a flag of fast mode. The flag stays a label too. */
function speedOf(speed: string | undefined, entries: readonly Entry[]): string | undefined {
  // A number under this name is a rate of tokens.
  const word = speed && `CASE WHEN TRY_CAST(${speed} AS DOUBLE) IS NULL THEN ${speed} END`
  return firstOf(word, ...topLevel(entries, fastFlagNames).map(({ sql }) => isTrue(sql, trueWords, 'fast')))
}

/**
 * SQL for the place: under its own name, else where a cloud served the call, of those whose regions move the
 * price: Claude at Vertex AI, and Bedrock.
 */
function regionOf(fields: NamedFields['fields'], entries: readonly Entry[]): string | undefined {
  const { provider } = fields
  const named = fields.region
  const own =
    named &&
    `CASE WHEN NOT contains('|${noPlaces.join('|')}|', '|' || lower(trim(${named})) || '|') THEN ${named} END`
  const model = firstOf(fields.response_model, fields.request_model)
  const place = firstOf(...topLevel(entries, placeNames).map(({ sql }) => `nullif(${sql}, '')`))
  if (provider === undefined || model === undefined || place === undefined) return own
  const isMoved = `(lower(${provider}) LIKE '%vertex%' AND lower(${model}) LIKE '%claude%') OR lower(${provider}) IN ('aws', 'bedrock', 'aws_bedrock', 'aws-bedrock', 'amazon_bedrock', 'amazon-bedrock', 'aws.bedrock', 'bedrock_converse', 'amazon bedrock', 'aws bedrock')`
  return firstOf(own, `CASE WHEN ${isMoved} THEN ${place} END`)
}

/**
 * SQL for an id, where a short plain number is joined with its time: a row number of one table is not the
 * call of the same number in another, and taking it for one would lose calls.
 */
function withRowNumbersDated(id: string, ts: string): string {
  return `CASE WHEN strlen(${id}) <= 12 AND TRY_CAST(${id} AS BIGINT) IS NOT NULL THEN concat(${id}, '@', ${ts}) ELSE ${id} END`
}

const isUsage = (entry: Entry): boolean =>
  entry.container !== undefined && usageContainers.includes(comparable(entry.container))

/** Fields beside counts of tokens that a usage object may give. */
const usageFieldsBeside = new Set<CallField>([
  'reported_cost_usd',
  'web_search_requests',
  'file_search_requests',
  'service_tier',
  'speed',
  'region',
])

function allowedIn(entry: Entry, field: CallField): boolean {
  if (entry.container === undefined) return true
  if (isUsage(entry))
    return field.endsWith('_tokens') || (usageFieldsBeside.has(field) && entry.name !== 'tier')
  return labelFields.has(field)
}

function entriesOf(survey: Survey, document: Document): Entry[] {
  const out: Entry[] = []
  const seen = new Set<string>()
  for (const key of survey.keys.filter(isAddressable)) {
    // The engine's struct names know no case: of keys that differ by case alone, the first counts.
    if (survey.sample.kind === 'json' && seen.has(key.toLowerCase())) continue
    seen.add(key.toLowerCase())
    const text = document.text(key)
    const inner = survey.innerKeys.get(key)
    if (inner !== undefined && isContainer(key)) {
      out.push(...innerEntries(survey, key, inner, document))
      // Some records may hold an object there, others a plain value.
      out.push({
        key,
        name: comparable(key),
        sql: plainOnly(text),
      })
    } else if (tokenDetails.has(comparable(key))) {
      out.push(...detailEntries(survey, [key], document.embedded(key)))
    } else if (survey.counted?.has(key)) out.push({ key, name: 'cachedtokens', sql: text })
    else if (isSplitTotal(survey, [key])) {
      out.push(...detailEntries(survey, [key], document.embedded(key)), {
        key,
        name: comparable(key),
        sql: plainOnly(text),
      })
    } else if (isMoneyObject(survey, [key])) {
      out.push(...amountEntries(survey, [key], document.embedded(key)))
      out.push({ key, name: comparable(key), sql: unlessObject(text) })
    } else out.push({ key, name: comparable(key), sql: comparable(key) === 'error' ? errorKind(text) : text })
  }
  return out
}

/** SQL for a value that may be an object in other records. */
const plainOnly = (text: string): string => `CASE WHEN NOT starts_with(${text}, '{') THEN ${text} END`

/** True for an object in the place of a count: `inputTokens: {total, cacheRead, …}`. */
const isSplitTotal = (survey: Survey, path: readonly string[]): boolean =>
  splitTotals.has(comparable(path.at(-1)!)) &&
  (survey.shape.get(JSON.stringify(path)) ?? []).some((key) => comparable(key) === 'total')

/** What stands in an object that is looked into. */
function innerEntries(
  survey: Survey,
  container: string,
  keys: readonly string[],
  document: Document,
): Entry[] {
  const part = document.embedded(container)
  const names = new Map(keys.filter(isAddressable).map((key) => [key.toLowerCase(), key]))
  return [...names.values()].flatMap((key) => {
    const name = comparable(key)
    if (tokenDetails.has(name) || (name === 'details' && usageContainers.includes(comparable(container))))
      return detailEntries(survey, [container, key], part.embedded(key))
    if (isSplitTotal(survey, [container, key])) {
      const whole = { key, name, sql: plainOnly(part.text(key)), container }
      return [...detailEntries(survey, [container, key], part.embedded(key)), whole]
    }
    const short = comparable(container).startsWith('cost') ? shortCosts : shortCounts
    const meant = usageContainers.includes(comparable(container)) ? (short.get(name) ?? name) : name
    const plain = { key, name: meant, sql: part.text(key), container }
    if (!isMoneyObject(survey, [container, key])) return [plain]
    const amounts = amountEntries(survey, [container, key], part.embedded(key))
    return [...amounts, { ...plain, sql: unlessObject(plain.sql) }]
  })
}

/** SQL for the text where it is no object: that is read key by key. */
const unlessObject = (text: string): string => `CASE WHEN NOT starts_with(${text}, '{') THEN ${text} END`

/** Names that say in an object of money how much it is. */
const amountNames = new Map<string, string>(
  Object.entries({ amount: 'cost', value: 'cost', total: 'cost', totalcost: 'cost', cost: 'cost' }),
)

/** True for a cost, price or charge that is an object with an amount somewhere in the file. */
const isMoneyObject = (survey: Survey, path: readonly string[]): boolean => {
  const name = comparable(path.at(-1)!)
  const isMoney =
    fieldNames.reported_cost_usd?.includes(name) === true ||
    ['price', 'charge', 'amount', 'billedcost', 'totalspend', 'totalprice', 'reportedcost'].includes(name)
  return isMoney && survey.shape.has(JSON.stringify(path))
}

/** The amounts of such an object: `amount`, or a currency's own (`{"eur": 1.1, "usd": 1.2}`). */
function amountEntries(survey: Survey, path: readonly string[], part: Document): Entry[] {
  const keys = (survey.shape.get(JSON.stringify(path)) ?? []).filter(isAddressable)
  return [...new Map(keys.map((key) => [key.toLowerCase(), key])).values()].flatMap((key) => {
    const name = comparable(key)
    const meant = amountNames.get(name) ?? (saysDollars(name) ? 'usd' : unitOfName(name) && name)
    if (meant === undefined) return []
    return [{ key, name: meant, sql: part.text(key), container: 'cost', path: [...path, key] }]
  })
}

/** Names that say enough inside an object of token counts. */
const shortCounts = new Map<string, string>(
  Object.entries({
    input: 'inputtokens',
    prompt: 'inputtokens',
    in: 'inputtokens',
    output: 'outputtokens',
    completion: 'outputtokens',
    out: 'outputtokens',
    total: 'totaltokens',
    cached: 'cachedtokens',
    reasoning: 'reasoningtokens',
    thoughts: 'reasoningtokens',
    tool: 'tooltokens',
  }),
)

/** Names that say enough inside an object of costs. */
const shortCosts = new Map<string, string>(
  Object.entries({
    total: 'cost',
    amount: 'cost',
    value: 'cost',
    input: 'inputcost',
    prompt: 'inputcost',
    output: 'outputcost',
    completion: 'outputcost',
  }),
)

/** Parts of an input count, by the names of fields that they fill. */
const inputParts = new Map<string, string>(
  Object.entries({
    cachedtokens: 'cachedtokens',
    cacheread: 'cachereadtokens',
    cachereadtokens: 'cachereadtokens',
    cachewritetokens: 'cachewritetokens',
    cachecreation: 'cachecreationtokens',
    cachecreationtokens: 'cachecreationtokens',
    cachecreationinputtokens: 'cachecreationtokens',
    cachereadinputtokens: 'cachereadtokens',
    cachewrite: 'cachewritetokens',
    cachedtokencount: 'cachedtokens',
    numcachedtokens: 'cachedtokens',
    ephemeral1hinputtokens: 'ephemeral1hinputtokens',
    ephemeral5minputtokens: 'ephemeral5minputtokens',
    prioritycacheread: 'cachereadtokens',
    flexcacheread: 'cachereadtokens',
    priority: 'priority part',
    flex: 'flex part',
    audio: 'inputaudiotokens',
    audiotokens: 'inputaudiotokens',
    audiotokencount: 'inputaudiotokens',
    imagetokens: 'inputimagetokens',
    videotokens: 'inputvideotokens',
  }),
)
const outputParts = new Map<string, string>(
  Object.entries({
    reasoning: 'reasoningtokens',
    reasoningtokens: 'reasoningtokens',
    thinkingtokens: 'thinkingtokens',
    reasoningtokencount: 'reasoningtokens',
    priorityreasoning: 'reasoningtokens',
    flexreasoning: 'reasoningtokens',
    priority: 'priority part',
    flex: 'flex part',
    audio: 'outputaudiotokens',
    audiotokens: 'outputaudiotokens',
    audiotokencount: 'outputaudiotokens',
    imagetokens: 'outputimagetokens',
  }),
)

/** Objects that split a count, as the providers name them, with the parts that count. */
const tokenDetails = new Map<string, ReadonlyMap<string, string>>(
  Object.entries({
    prompttokensdetails: inputParts,
    prompttokendetails: inputParts,
    inputtokensdetails: inputParts,
    inputtokendetails: inputParts,
    completiontokensdetails: outputParts,
    completiontokendetails: outputParts,
    outputtokensdetails: outputParts,
    outputtokendetails: outputParts,
    cachecreation: new Map([
      ['ephemeral1hinputtokens', 'ephemeral1hinputtokens'],
      ['ephemeral5minputtokens', 'ephemeral5minputtokens'],
    ]),
    servertooluse: new Map([['websearchrequests', 'websearchrequests']]),
  }),
)

/** Counts that may stand as an object of their total and its parts. */
const splitTotals = new Map<string, ReadonlyMap<string, string>>(
  Object.entries({
    inputtokens: new Map([...inputParts, ['total', 'inputtokens']]),
    outputtokens: new Map([...outputParts, ['total', 'outputtokens']]),
  }),
)

/** Counts of an object `details` inside a usage object, as frameworks pass on what else a provider said. */
const otherDetails = new Map<string, string>(
  Object.entries({
    reasoningtokens: 'reasoningtokens',
    thoughtstokens: 'thoughtstokens',
    thinkingtokens: 'thinkingtokens',
    cachedtokens: 'cachedtokens',
    cachedcontenttokens: 'cachedcontenttokens',
    cachereadtokens: 'cachereadtokens',
    cachereadinputtokens: 'cachereadinputtokens',
    cachewritetokens: 'cachewritetokens',
    cachecreationinputtokens: 'cachecreationinputtokens',
    ephemeral1hinputtokens: 'ephemeral1hinputtokens',
    ephemeral5minputtokens: 'ephemeral5minputtokens',
    audioprompttokens: 'audioprompttokens',
    websearchrequests: 'websearchrequests',
  }),
)

/** The parts of a count that some record has, at a path of the record. */
function detailEntries(survey: Survey, path: readonly string[], part: Document): Entry[] {
  const name = comparable(path.at(-1)!)
  const parts = tokenDetails.get(name) ?? splitTotals.get(name) ?? otherDetails
  const keys = survey.shape.get(JSON.stringify(path)) ?? []
  const known = keys.filter((key) => isAddressable(key) && parts.has(comparable(key)))
  return [...new Map(known.map((key) => [key.toLowerCase(), key])).values()].flatMap((key) => {
    const entry = {
      key,
      name: parts.get(comparable(key))!,
      sql: part.text(key),
      container: isContainer(path[0]!) ? path[0]! : 'usage',
    }
    const isSplit = tokenDetails.has(comparable(key)) && survey.shape.has(JSON.stringify([...path, key]))
    return isSplit
      ? [
          ...detailEntries(survey, [...path, key], part.embedded(key)),
          { ...entry, sql: plainOnly(entry.sql) },
        ]
      : [entry]
  })
}

/** SQL: of an error that is an object its kind, else its text. */
const errorKind = (text: string): string =>
  `CASE WHEN ${text} = '{}' THEN NULL WHEN starts_with(${text}, '{') AND json_valid(${text}) THEN
    coalesce(json_extract_string(${text}, '/type'), json_extract_string(${text}, '/code'), json_extract_string(${text}, '/message'), 'error')
    ELSE ${text} END`

/** SQL for an entry's value. A `system` is a provider's name or else a prompt, which no field is for. */
const valueOf = ({ name, sql }: Entry): string =>
  name === 'system' ? `CASE WHEN regexp_full_match(${sql}, '[^ ]{1,60}') THEN ${sql} END` : sql

/** Empty names and names with control characters are no SQL names, and no field of a call has one. */
// eslint-disable-next-line no-control-regex
const isAddressable = (key: string): boolean => key !== '' && !/[\u0000-\u001f\u007f]/.test(key)

/** True for top-level keys whose objects are looked into. */
export const isContainer = (key: string): boolean =>
  [...usageContainers, ...labelContainers].includes(comparable(key))

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
      ([name, sqls]) => `{'key': ${literal(name)}, 'value': ${shortLabel(firstOf(...sqls)!)}}`,
    )
    parts.push(`list_filter([${pairs.join(', ')}], lambda t: t.value IS NOT NULL)`)
  }
  for (const key of survey.keys.filter((k) => /^(request_?)?tags$/i.test(k)))
    parts.push(tagListSql(document.text(key)))
  if (parts.length === 0) return undefined
  const all = parts.length === 1 ? parts[0]! : `list_concat(${parts.join(', ')})`
  return mapSql(all)
}
