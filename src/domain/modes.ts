/**
 * The mode of a call: its service tier or speed, and the place that it was served in, as far as they move
 * the price. Written once, so that the rows of `rates` and the calls that join them agree.
 */

/** Service tiers with prices of their own. */
const pricedTiers = ['batch', 'flex', 'priority'] as const
/** Tiers and speeds, the standard one first; a call is in one of them. */
export const paces = ['standard', ...pricedTiers, 'fast'] as const
export type Pace = (typeof paces)[number]

/**
 * Places that may move the price, by provider; all others charge the same everywhere, or nobody knows.
 * `us`: asked to stay in the United States. `regional`: an endpoint of one region. `elsewhere`: a place
 * that the price data do not speak of. `gov`: a cloud for the government.
 */
const places = {
  anthropic: ['us', 'elsewhere'],
  'x-ai': ['us', 'elsewhere'],
  openai: ['elsewhere'],
  google: ['regional'],
  aws: ['gov', 'elsewhere'],
} as const
export type Place = (typeof places)[keyof typeof places][number] | ''

/** The places of a provider that need rates of their own, nowhere in particular (`''`) first. */
export function placesOf(provider: string): readonly Place[] {
  return ['', ...(Object.entries(places).find(([name]) => name === provider)?.[1] ?? [])]
}

/** `batch us`; the standard pace is named too: `standard us`. */
export const modeName = (pace: Pace, place: Place): string => (place === '' ? pace : `${pace} ${place}`)

/** Columns of a call that tell its mode; one without any of them is in the standard one. */
export const modeColumns = ['service_tier', 'speed', 'region'] as const

/** Words for a place that is no place. */
const nowhere = `'', 'global', 'not_available', 'default', 'unknown'`
const standardSpeed = (call: string): string => `(${call}.speed IS NULL OR ${call}.speed = 'standard')`

/**
 * SQL: the mode of a call. A tier and a speed that exclude each other, and words that are not known, leave
 * the standard pace; `unknownModes` names them.
 */
export function modeOf(call: string): string {
  const tiers = pricedTiers.map((tier) => `'${tier}'`).join(', ')
  return /* sql */ `CASE WHEN ${call}.service_tier IS NULL AND ${call}.speed IS NULL AND ${call}.region IS NULL THEN 'standard'
    ELSE CASE WHEN ${call}.service_tier IN (${tiers}) AND ${standardSpeed(call)} THEN ${call}.service_tier
        WHEN ${call}.speed = 'fast' AND coalesce(${call}.service_tier NOT IN (${tiers}), true) THEN 'fast' ELSE 'standard' END
      || CASE WHEN ${call}.region IS NULL OR lower(${call}.region) IN (${nowhere}) THEN ''
        WHEN ${call}.provider IN ('anthropic', 'x-ai') THEN CASE WHEN lower(${call}.region) = 'us' THEN ' us' ELSE ' elsewhere' END
        WHEN ${call}.provider = 'openai' THEN ' elsewhere'
        WHEN ${call}.provider = 'google' THEN ' regional'
        WHEN ${call}.provider = 'aws' THEN CASE WHEN contains(${call}.region, '-gov') THEN ' gov'
          WHEN starts_with(${call}.region, 'us') THEN '' ELSE ' elsewhere' END
        ELSE '' END END`
}

/** What tells the mode of a call; absent where nothing is said. */
export interface ModeFacts {
  readonly service_tier?: string | undefined
  readonly speed?: string | undefined
  readonly region?: string | undefined
}

/** The same of one call that is at hand. */
export function modeOfCall(provider: string, { service_tier, speed, region }: ModeFacts): string {
  const tier = pricedTiers.find((one) => one === service_tier)
  const isStandardSpeed = speed === undefined || speed === 'standard'
  const pace: Pace =
    tier !== undefined && isStandardSpeed
      ? tier
      : speed === 'fast' && tier === undefined
        ? 'fast'
        : 'standard'
  return modeName(pace, placeOfCall(provider, region))
}

function placeOfCall(provider: string, region: string | undefined): Place {
  const words = ['', 'global', 'not_available', 'default', 'unknown']
  if (region === undefined || words.includes(region.toLowerCase())) return ''
  switch (provider) {
    case 'anthropic':
    case 'x-ai':
      return region.toLowerCase() === 'us' ? 'us' : 'elsewhere'
    case 'openai':
      return 'elsewhere'
    case 'google':
      return 'regional'
    case 'aws':
      if (region.includes('-gov')) return 'gov'
      return region.startsWith('us') ? '' : 'elsewhere'
    default:
      return ''
  }
}

/** SQL: when a call's tier or speed is a word without a price, and the name of that: pairs for unpriced_usage. */
export function unknownModes(tier: string, speed: string): readonly (readonly [string, string])[] {
  const known = pricedTiers.map((one) => `'${one}'`).join(', ')
  const fast = `coalesce(${speed} = 'fast', false)`
  return [
    [
      `(${tier} IS NOT NULL AND ${tier} <> 'standard' AND (${tier} NOT IN (${known}) OR (${speed} IS NOT NULL AND ${speed} <> 'standard')))`,
      `'service_tier=' || ${tier}`,
    ],
    [
      `(${speed} IS NOT NULL AND ${speed} <> 'standard' AND (NOT ${fast} OR coalesce(${tier} IN (${known}), false)))`,
      `'speed=' || ${speed}`,
    ],
  ]
}
