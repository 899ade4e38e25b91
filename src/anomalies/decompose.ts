/**
 * An excess as three parts that add up to it exactly: more calls, larger calls, dearer tokens.
 *
 * cost = calls × tokens a call × cost a token, now and in the norm; each factor's part is its Shapley value,
 * the mean of what its change adds over all orders in which the three can change, so that no factor is
 * favoured by coming first. The last part takes what rounding leaves.
 */
import { picos, type Picos } from '../domain/costs/amount.js'

interface Use {
  readonly costUsd: number
  readonly calls: number
  /** Of the calls that log them; null when none does. */
  readonly tokens: number | null
  readonly tokenCalls: number
}

/** Parts of the excess; `size` is null where tokens are not logged: it is in `price` then. */
export interface Parts {
  readonly volume: Picos
  readonly size: Picos | null
  readonly price: Picos
}

/** What cost is a product of. */
interface Factors {
  readonly calls: number
  readonly tokensACall: number | null
  readonly usdAToken: number
}

/**
 * @param norm what the incident's hours normally cost
 * @param past calls, tokens and cost of the same hours in the history, whose proportions the norm has
 */
export function decompose(now: Use, cost: Picos, norm: Picos, past: Use): Parts {
  const [before, after] = factorPairs(now, Number(norm) / 1e12, past)
  const excess = cost - norm
  const volume = rounded(after.calls - before.calls, meanProduct(before, after, 'calls'))
  if (before.tokensACall === null || after.tokensACall === null) {
    return { volume, size: null, price: excess - volume }
  }
  const size = rounded(after.tokensACall - before.tokensACall, meanProduct(before, after, 'tokensACall'))
  return { volume, size, price: excess - volume - size }
}

const rounded = (change: number, each: number): Picos => picos(Number((change * each).toFixed(12)))

function factorPairs(now: Use, normUsd: number, past: Use): readonly [Factors, Factors] {
  const [a, b] = [perCall(past), perCall(now)]
  const sized = a?.tokens !== null && b?.tokens !== null
  const factors = (calls: number, unit: PerCall | undefined): Factors => {
    const tokens = sized ? (unit?.tokens ?? 0) : null
    const usd = unit?.usd ?? 0
    return { calls, tokensACall: tokens, usdAToken: tokens === null ? usd : tokens === 0 ? 0 : usd / tokens }
  }
  // Without calls on one side its proportions are the other side's: all of the change is of calls.
  const [then, current] = [a ?? b, b ?? a]
  const normCalls = then === undefined || then.usd === 0 ? 0 : normUsd / then.usd
  return [factors(normCalls, then), factors(now.calls, current)]
}

interface PerCall {
  readonly usd: number
  readonly tokens: number | null
}

function perCall({ costUsd, calls, tokens, tokenCalls }: Use): PerCall | undefined {
  if (calls === 0 || costUsd === 0) return undefined
  const size = tokens === null || tokenCalls === 0 ? null : tokens / tokenCalls
  return { usd: costUsd / calls, tokens: size === 0 ? null : size }
}

/** The mean product of the other factors over the orders of change. */
function meanProduct(before: Factors, after: Factors, of: 'calls' | 'tokensACall'): number {
  const other = ({ calls, tokensACall }: Factors): number => (of === 'calls' ? (tokensACall ?? 1) : calls)
  const [x0, x1, p0, p1] = [other(before), other(after), before.usdAToken, after.usdAToken]
  if (before.tokensACall === null || after.tokensACall === null) return (p0 + p1) / 2
  return (x0 * p0 + x1 * p1) / 3 + (x0 * p1 + x1 * p0) / 6
}
