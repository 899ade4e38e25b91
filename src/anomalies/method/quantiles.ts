/** Quantiles of a few values, as the engine works them out. */

/** Values in ascending order. */
export const ascending = (values: readonly number[] | Float64Array): Float64Array =>
  new Float64Array(values).toSorted()

/** Exact quantile, interpolated between neighbours. @param sorted at least one */
export function quantileOf(sorted: Float64Array, at: number): number {
  const place = (sorted.length - 1) * at
  const low = Math.floor(place)
  const [lower = NaN, upper = NaN] = [sorted[low], sorted[Math.ceil(place)]]
  const share = place - low
  return lower === upper ? lower : lower * (1 - share) + upper * share
}

export const median = (values: readonly number[]): number => quantileOf(ascending(values), 0.5)

/** The lower of the two middle values, or the middle one: always one of them. */
export function lowerMedian(values: readonly number[]): number {
  const sorted = values.length > 2 ? ascending(values) : values
  return sorted.length === 2
    ? Math.min(sorted[0] ?? NaN, sorted[1] ?? NaN)
    : (sorted[Math.ceil(sorted.length / 2) - 1] ?? NaN)
}
