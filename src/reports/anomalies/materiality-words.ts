/** What an excess must come to before it is told, in words for --explain. */
import type { Materiality } from '../../domain/materiality.js'
import { number, percent, roundUsd } from '../../domain/words/wording.js'

/**
 * Each with the option that moves it; the same names with `anomaly_` stand under `bounds` in the config file.
 * @param here what that comes to over each width, USD
 */
export function materialityText(
  { minUsd, minShare, noiseScale }: Materiality,
  here: readonly number[] = [],
): string {
  const sensitivity = number(Number((1 / noiseScale).toPrecision(3)))
  const least = here.length === 0 ? '' : `, here ${here.map(roundUsd).join(', ')}`
  return `smallest excess: ${roundUsd(minUsd)} (--min-usd) and ${percent(minShare)} of a usual day in an hour (--min-share)${least}; sensitivity: ${sensitivity} (--sensitivity)`
}
