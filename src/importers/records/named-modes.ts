/** Finds the tier, the speed and the place of a call by the names that loggers use, and by what stands there. */
import type { CallField } from '../../domain/call.js'
import { batchFlagNames, deploymentTypeNames, fastFlagNames, fieldNames, placeNames } from './field-names.js'
import { firstOf, plainOnly, type Document } from '../document.js'
import type { ReadPlan } from '../importer.js'
import type { Survey } from '../survey.js'
import { batchIds, isFlagOfBatch, isModeName, isNameOfBatch, isTierName, noPlaces } from './mode-names.js'
import { allowedIn, isAddressable, isUsage, placeOf, type Entry } from './named-entries.js'
import { deploymentTypes, speakOfTiers, tierMeaning } from './tier-words.js'
import { quoteText } from '../../domain/words/quoting.js'

/**
 * SQL for the service tier: from flags of batches and ids of them, a tier by that name, one named `tier` alone, and
 * a mode whose words are all those of tiers. A tier that a request asked for stands apart.
 */
export function tierOf(survey: Survey, entries: readonly Entry[], document: Document): TierFound {
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
      ...ids.map(({ sql }) => `CASE WHEN contains(${sql}, 'batch_') AND regexp_full_match(${sql}, ${quoteText(batchIds)}) THEN 'batch' END`),
      ...tiers.map((e) => (survey.shape.has(placeOf(e)) ? plainOnly(e.sql) : e.sql)),
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
  readonly meaning: ReadPlan['tierTakenFor'] | undefined
  /** SQL for the tier of a request. */
  readonly asked: string | undefined
}

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
  return tier && `CASE WHEN TRY_CAST(${sql} AS DOUBLE) > 0 THEN ${quoteText(tier)} END`
}

const trueWords = ['true', 't', 'yes', '1']
const isTrue = (sql: string, words: readonly string[], meaning: string): string =>
  `CASE WHEN lower(${sql}) IN (${words.map(quoteText).join(', ')}) THEN ${quoteText(meaning)} END`

const topLevel = (entries: readonly Entry[], names: readonly string[]): Entry[] =>
  names.flatMap((name) => entries.filter((e) => e.name === name && e.container === undefined))

/** SQL for the tier that Azure's name of a kind of deployment means; NULL for every other word. */
function deploymentType({ sql }: Entry): string {
  const words = Object.entries(deploymentTypes).map(
    ([word, tier]) => `WHEN ${quoteText(word)} THEN ${quoteText(tier)}`,
  )
  return `CASE regexp_replace(lower(${sql}), '[^a-z]', '', 'g') ${words.join(' ')} END`
}

/** SQL for the speed: a word under its own name, else a flag of fast mode. The flag stays a label too. */
export function speedOf(speed: string | undefined, entries: readonly Entry[]): string | undefined {
  // A number under this name is a rate of tokens.
  const word = speed && `CASE WHEN TRY_CAST(${speed} AS DOUBLE) IS NULL THEN ${speed} END`
  return firstOf(word, ...topLevel(entries, fastFlagNames).map(({ sql }) => isTrue(sql, trueWords, 'fast')))
}

/**
 * SQL for the place: under its own name, else where a cloud served the call, of those whose regions move the
 * price: Claude at Vertex AI, and Bedrock.
 */
export function regionOf(
  fields: Partial<Record<CallField, string>>,
  entries: readonly Entry[],
): string | undefined {
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
