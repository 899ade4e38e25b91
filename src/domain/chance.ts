/**
 * Whether two means differ by more than chance, from each side's number, mean and spread alone.
 *
 * Costs of calls are skewed: most are small, a few large. So the interval is that of the ratio of the two
 * arithmetic means, worked out on its logarithm, where the estimate is far nearer to a normal one: the
 * variance of ln(a / b) is sd_a² / (n_a mean_a²) + sd_b² / (n_b mean_b²), with the degrees of freedom of Welch
 * and Satterthwaite. (Hedges, Gurevitch and Curtis 1999, The meta-analysis of response ratios, Ecology 80:1150;
 * Welch 1947, Biometrika 34:28.) Not the mean of logarithms, which is about another mean.
 *
 * A small sample of skewed costs has often not met the tail that it comes from, and then understates its own
 * spread. So each side counts with no less than the relative spread of both together. Where even so the
 * interval could not be trusted, the answer is that the calls are too few: under 30 on a side; a relative
 * error of a mean above a third (Geary's rule, as in Hedges et al.); or one call that makes up most of the
 * scatter. A test with simulated costs holds it to its word.
 *
 * Calls are taken as independent of each other.
 */

/** One side's calls that have the value. */
export interface Sample {
  readonly calls: number
  readonly mean: number
  /** Of a sample, with n - 1; null when not known. */
  readonly stddev: number | null
  /** The largest value; null when not known. */
  readonly max: number | null
}

export type Chance =
  | { readonly verdict: 'more_than_chance' | 'may_be_chance'; readonly low: number; readonly high: number }
  | {
      readonly verdict: 'too_few_calls'
      readonly reason: 'few' | 'spread'
    }
  | {
      readonly verdict: 'too_few_calls'
      readonly reason: 'one_call'
      /** The part of the scatter that one call makes up, 0–1, and the side that it is on. */
      readonly share: number
      readonly side: 'a' | 'b'
    }
  | { readonly verdict: 'unknown'; readonly reason: 'no_spread' | 'zero' }

/** Fewer calls on a side than this are too few, whatever they cost. */
export const fewestCalls = 30
/** Beyond this the logarithm of a mean is not near a normal one. */
const largestRelativeError = 1 / 3
/** "Most of": beyond half. */
const largestShareOfOneCall = 0.5

/** The 95 % interval of mean a / mean b, and whether it leaves 1 out. */
export function judgeRatio(a: Sample, b: Sample): Chance {
  if (a.calls < fewestCalls || b.calls < fewestCalls) return { verdict: 'too_few_calls', reason: 'few' }
  if (a.stddev === null || b.stddev === null) return { verdict: 'unknown', reason: 'no_spread' }
  if (!(a.mean > 0) || !(b.mean > 0)) return { verdict: 'unknown', reason: 'zero' }
  const own = [(a.stddev / a.mean) ** 2, (b.stddev / b.mean) ** 2] as const
  const both = (own[0] * (a.calls - 1) + own[1] * (b.calls - 1)) / (a.calls + b.calls - 2)
  const [ofA, ofB] = [Math.max(own[0], both) / a.calls, Math.max(own[1], both) / b.calls]
  if (Math.max(ofA, ofB) > largestRelativeError ** 2) return { verdict: 'too_few_calls', reason: 'spread' }
  const shares = [shareOfLargest(a, ofA + ofB), shareOfLargest(b, ofA + ofB)] as const
  const share = Math.max(...shares)
  if (share > largestShareOfOneCall) {
    return { verdict: 'too_few_calls', reason: 'one_call', share, side: share === shares[0] ? 'a' : 'b' }
  }
  return interval(a, b, ofA, ofB)
}

/** The part of the variance of the ratio's logarithm that the largest value alone brings in. */
function shareOfLargest({ calls, mean, max }: Sample, variance: number): number {
  return max === null || variance === 0 ? 0 : Math.min(1, ((max - mean) / mean / calls) ** 2 / variance)
}

function interval(a: Sample, b: Sample, ofA: number, ofB: number): Chance {
  const variance = ofA + ofB
  const quotient = a.mean / b.mean
  // Where no call differs from another, the last digit of a division must not make a difference.
  const ratio = variance === 0 && Math.abs(quotient - 1) < 1e-12 ? 1 : quotient
  const freedom = variance ** 2 / (ofA ** 2 / (a.calls - 1) + ofB ** 2 / (b.calls - 1))
  const reach = variance === 0 ? 0 : studentQuantile(freedom) * Math.sqrt(variance)
  const [low, high] = [ratio * Math.exp(-reach), ratio * Math.exp(reach)]
  return { verdict: low > 1 || high < 1 ? 'more_than_chance' : 'may_be_chance', low, high }
}

/** The 97.5 % quantile of the normal distribution. */
const z = 1.959963984540054

/**
 * The 97.5 % quantile of Student's t, by the expansion in 1 / freedom of Abramowitz and Stegun 26.7.5: right
 * to 1e-7 from 25 degrees of freedom on, and fewer than 29 do not occur here.
 */
export function studentQuantile(freedom: number): number {
  const terms = [
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92_160,
  ]
  return terms.reduce((sum, term, i) => sum + term / freedom ** (i + 1), z)
}
