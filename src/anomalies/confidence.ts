/** How sure an incident is, from what speaks for it. */
import { seriesId, type Flag } from './incidents.js'

export type Confidence = 'low' | 'medium' | 'high'

const day = 24

/**
 * Low with under a week of history. Else one point each for two weeks of history, for an excess of at least
 * twice the bound of noise, and for two series or three hours that agree: three points are high, two medium.
 */
export function confidenceOf(flags: readonly Flag[]): Confidence {
  const history = Math.max(...flags.map(({ historyHours }) => historyHours))
  if (history < 7 * day) return 'low'
  const beyond = Math.max(...flags.map(({ strength }) => strength ?? Infinity))
  const series = new Set(flags.map(seriesId)).size
  const hours = new Set(flags.map(({ at }) => at)).size
  const points = [history >= 14 * day, beyond >= 2, series >= 2 || hours >= 3].filter(Boolean).length
  return points === 3 ? 'high' : points === 2 ? 'medium' : 'low'
}
