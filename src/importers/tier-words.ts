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

/** A word as it is compared. */
const comparableWord = (word: string): string =>
  word.trim().toLowerCase().replaceAll(' ', '_').replaceAll('-', '_')

const known = new Set([...Object.values(tierWords).flat(), ...noTierWords, 'null', 'none', ''])

/**
 * What a key named `tier` alone means, from all the words under it: a provider's service tier only where
 * each is one; a customer's plan (free, pro, enterprise) else.
 */
export const tierMeaning = (words: readonly string[]): 'service tier' | 'label' =>
  words.every((word) => known.has(comparableWord(word))) ? 'service tier' : 'label'
