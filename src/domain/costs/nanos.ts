/** Whole nano-dollars, in which a guard keeps what is spent and reserved: USD × 10^9, exact in a double up to $9 million. */
import { usdOf, type Picos } from './amount.js'

export type Nanos = bigint

const picosEach = 1000n

/** What a call may cost: never less than that. */
export const nanosUp = (amount: Picos): Nanos => (amount + picosEach - 1n) / picosEach

/** What a call did cost: half up. */
export const nanosHalfUp = (amount: Picos): Nanos => (amount + picosEach / 2n) / picosEach

/** What may be spent: never more than that. */
export const nanosDown = (amount: Picos): Nanos => amount / picosEach

/** USD with all twelve places. */
export const usdOfNanos = (amount: Nanos): string => usdOf(amount * picosEach)

/** The most that is counted exactly where numbers are doubles. */
export const mostNanos: Nanos = 9_000_000n * 10n ** 9n
