/** Names that say that a number is no plain count or amount of one call: `input tokens (k)`, `cost (avg)`. */

const scales: readonly (readonly [scale: string, name: RegExp])[] = [
  [
    'thousands',
    /^(?:k|ks|kilo|thousands?|1?k|x?1000s?|0{3}s?|k(?:ilo)?tok(?:en)?s?|(?:in|inputs?|prompt|out|outputs?|completion|total)?ktok(?:en)?s?)$/,
  ],
  ['millions', /^(?:m|mm|mn|mio|mil|mega|millions?|1?m|x?1000000|m(?:ega)?tok(?:en)?s?|mtoks?)$/],
  ['a percentage', /^(?:percent|percentage|pct)$/],
  ['a mean', /^(?:avg|average|mean|median|p\d\d|min|max)$/],
]

/**
 * What a name says that its number is, where it is not the plain count or amount of one call.
 * @param name as it stands in the log: `input tokens (k)`, `inputTokensAvg`
 */
export function scaleOf(name: string): string | undefined {
  if (/\/|\bper\b/i.test(name)) return 'a rate'
  const words = name
    .replaceAll('%', ' percent ')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
  return scales.find(([, shape]) => words.some((word) => shape.test(word)))?.[0]
}
