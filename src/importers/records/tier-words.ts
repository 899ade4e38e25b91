/** The words by which providers and people name service tiers, in comparable form: `Batch API` is `batch_api`. */

/** Words of each tier that is priced. */
export const tierWords: Readonly<Record<'standard' | 'batch' | 'flex' | 'priority', readonly string[]>> = {
  standard: ['standard', 'default', 'auto', 'on_demand', 'ondemand', 'standard_only', 'normal', 'regular'],
  batch: [
    'batch',
    'batch_api',
    'batchapi',
    'batches',
    'batched',
    'batch_processing',
    'message_batch',
    'message_batches',
  ],
  flex: ['flex', 'flex_processing', 'on_demand_flex', 'flex_discount'],
  priority: ['priority', 'priority_processing', 'on_demand_priority'],
}

/** Words by which Azure names what a deployment is sold as, joined, and the tier that it is. */
export const deploymentTypes: Readonly<Record<string, string>> = {
  globalbatch: 'batch',
  datazonebatch: 'datazonebatch',
  datazonestandard: 'datazonestandard',
  provisionedmanaged: 'provisioned',
  globalprovisionedmanaged: 'provisioned',
  datazoneprovisionedmanaged: 'provisioned',
}

/** Words that say that no tier is said. */
export const noTierWords = ['traffic_type_unspecified', 'service_tier_unspecified', 'unspecified']

/** Words of tiers that move the price, in any spelling, as a regular expression of SQL over lower case. */
const movingPattern = `\\s*(?:${[...tierWords.batch, ...tierWords.flex, ...tierWords.priority].map((word) => word.replaceAll('_', '[ _-]')).join('|')})\\s*`

/** SQL: true for a word of a tier that moves the price. */
export const movesPrice = (text: string): string => `regexp_full_match(lower(${text}), '${movingPattern}')`

/** SQL: which of the tiers with prices of their own a word of one names; empty for none. */
export const tierIn = (text: string): string =>
  `coalesce(regexp_extract(lower(${text}), '(batch|flex|priority)', 1), '')`

/** Words of the standard tier, and of none. */
export const quietWords = (): readonly string[] => [...tierWords.standard, ...noTierWords, 'null', 'none', '']

/** A word as it is compared. */
const comparableWord = (word: string): string =>
  word.trim().toLowerCase().replaceAll(' ', '_').replaceAll('-', '_')

/** True for a word that a key of tiers may hold: of a tier that is priced, or of none. */
export const isTierWord = (word: string): boolean => known.has(comparableWord(word))

/** True where the words under a key are those of tiers, and one of them moves the price. */
export const speakOfTiers = (words: readonly string[]): boolean =>
  words.every(isTierWord) && words.some((word) => moving.has(comparableWord(word)))

const known = new Set([...Object.values(tierWords).flat(), ...noTierWords, 'null', 'none', ''])

/** Words of the tiers that have prices of their own. */
const moving = new Set([...tierWords.batch, ...tierWords.flex, ...tierWords.priority])

/**
 * What a key named `tier` alone means, from all the words under it: a provider's service tier only where
 * each is one; a customer's plan (free, pro, enterprise) else.
 */
export const tierMeaning = (words: readonly string[]): 'service tier' | 'label' =>
  words.every(isTierWord) ? 'service tier' : 'label'
