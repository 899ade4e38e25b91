/** Numbers in time as a line of small bars, on a scale of their own that begins at zero. */

/** The first is zero; anything above zero stands higher. */
const bars = '▁▂▃▄▅▆▇█'
const steps = bars.length - 1

/** What a person still takes in at a glance. */
export const longestSparkline = 60

/**
 * One letter a number. Where there are more numbers than letters, each letter is the mean of neighbours,
 * as many as any other letter or one more.
 * @param digits numbers as text; null for a gap. What is below zero is drawn as zero.
 */
export function sparkline(digits: readonly (string | null)[], room: number, gap = ' '): string {
  const values = resampled(digits.map(amount), room)
  const largest = values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0)
  return values.map((value) => (value === null ? gap : letter(value, largest))).join('')
}

/** Decimals may be larger than any double. */
function amount(digits: string | null): number | null {
  return digits === null ? null : Math.min(Math.max(0, Number(digits)), Number.MAX_VALUE)
}

function letter(value: number, largest: number): string {
  if (value === 0 || largest === 0) return bars[0] ?? ''
  return bars[Math.max(1, Math.ceil((value / largest) * steps))] ?? ''
}

function resampled(values: readonly (number | null)[], room: number): readonly (number | null)[] {
  const length = Math.max(0, Math.floor(room))
  if (values.length <= length) return values
  return Array.from({ length }, (_, i) => {
    const part = values.slice(
      Math.floor((i * values.length) / length),
      Math.floor(((i + 1) * values.length) / length),
    )
    const present = part.filter((value) => value !== null)
    // Divided first: a sum of large numbers could leave the range.
    return present.length === 0 ? null : present.reduce((sum, value) => sum + value / present.length, 0)
  })
}
