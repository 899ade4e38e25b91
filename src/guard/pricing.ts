/** What a call may cost at most, and what it did cost, by the price data of the program. */
import { picos, type Picos } from '../domain/costs/amount.js'
import type { CostBasis } from '../domain/costs/basis.js'
import type { Rate } from '../domain/costs/rate.js'
import type { PriceBook } from '../pricing/book.js'
import { listCost, mostCost, rateOf, type CallUsage } from '../pricing/call-cost.js'
import type { CallUse } from './request.js'

interface Resolved {
  readonly provider: string | null
  readonly rates: readonly Rate[]
}

/** Names that come from outside are not kept without bound. */
const mostNames = 1000

export class Prices {
  readonly #book: PriceBook
  readonly #basis: CostBasis
  readonly #known = new Map<string, Resolved>()

  constructor(book: PriceBook, basis: CostBasis) {
    this.#book = book
    this.#basis = basis
  }

  /** The provider as the price data name it, where log or name tell. */
  provider(provider: string | undefined, model: string): string | undefined {
    return this.#resolve(provider, model).provider ?? undefined
  }

  /** undefined: no price is known. */
  most(provider: string | undefined, model: string, usage: CallUsage, at: Date): Picos | undefined {
    const rate = rateOf(this.#resolve(provider, model).rates, usage, at)
    return rate && mostCost(rate, usage)
  }

  /**
   * What a call cost, as `ingest` would price it: by the list, else as reported; or the other way round, as the
   * config says.
   * @param models names to look for, the first that has a price
   * @returns undefined where nothing is known of it
   */
  cost(
    provider: string | undefined,
    models: readonly string[],
    { usage, use, at }: { readonly usage: CallUsage; readonly use: CallUse; readonly at: Date },
  ): Picos | undefined {
    const isCounted = usage.input_tokens !== undefined || usage.output_tokens !== undefined
    const rates = isCounted
      ? models.flatMap((model) => rateOf(this.#resolve(provider, model).rates, usage, at) ?? [])
      : []
    const listed = rates[0] && listCost(rates[0], usage)
    const given = use.reportedCostUsd
    // Trackers write 0 for what they cannot price.
    const reported =
      given === undefined || given === null || Number(given) === 0
        ? undefined
        : amountOf(given, 'reportedCostUsd')
    return this.#basis === 'list-first' ? (listed ?? reported) : (reported ?? listed)
  }

  #resolve(provider: string | undefined, model: string): Resolved {
    const key = JSON.stringify([provider, model])
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const { provider: canonical, rates } = this.#book.resolve(provider ?? null, model)
    if (this.#known.size >= mostNames) this.#known.clear()
    const found = { provider: canonical, rates }
    this.#known.set(key, found)
    return found
  }
}

/** @throws TypeError for what is no cost of a call */
export function amountOf(usd: string | number, name: string): Picos {
  const isNumber = typeof usd === 'number' || (typeof usd === 'string' && /^\d{1,6}(\.\d{1,18})?$/.test(usd))
  if (!isNumber || !(Number(usd) >= 0 && Number(usd) <= 100_000))
    throw new TypeError(`${name} must be USD from 0 to 100000; it is ${String(usd)}`)
  return picos(usd)
}
