/**
 * What calls would have cost on another model, in another service tier, or at the prices of another day.
 *
 * Who asks names targets, resolves them with the price book (`resolveTargets`), and joins the relation of
 * `whatIfQuery` (what-if-sql.ts) with the values it binds. Nothing here runs a statement.
 */
import { openEnd, openStart } from '../rates.js'
import type { PriceBook } from '../book.js'
import type { Rate } from '../../domain/costs/rate.js'

/** Service tiers that a target may ask for. */
export const targetTiers = ['standard', 'batch', 'flex', 'priority'] as const
export type TargetTier = (typeof targetTiers)[number]

/** Where calls would have gone instead. */
export interface Target {
  /** Null: what the model's name tells. */
  readonly provider: string | null
  /** Null: each call stays on its own model. */
  readonly model: string | null
  /** Null: each call stays in its own service tier. */
  readonly tier: TargetTier | null
}

/**
 * Which prices count: those in force when each call was made, or those of one moment for all calls. (A price
 * that changes within the day is still that of the call's minute.)
 */
export type PriceTime = 'call' | Date

export interface ResolvedTarget extends Target {
  /** `target` of its rows in `whatIfQuery`: its place in the list, from 0. */
  readonly target: number
  /** False: no price of it is known at any time, so that all its costs are unknown. True for a call's own model. */
  readonly priced: boolean
  /** Why it is priced, or not, in words. */
  readonly rule: string
  /** Where its prices come from; null for a call's own model and for what has none. */
  readonly source: string | null
}

export interface ResolvedTargets {
  readonly targets: readonly ResolvedTarget[]
  /** What `whatIfQuery` binds. */
  readonly params: { readonly what_if_targets: string; readonly what_if_rates: string }
}

/** A provider and model as stored. */
export interface StoredModel {
  readonly provider: string | null
  readonly model: string | null
}

/**
 * Looks the prices of targets up.
 * @param models the models that the calls have (`modelsOf`): their prices are needed where a target keeps the
 *   call's own model; may be empty otherwise
 */
export function resolveTargets(
  book: PriceBook,
  targets: readonly Target[],
  prices: PriceTime,
  models: readonly StoredModel[] = [],
): ResolvedTargets {
  const rates = new Map<string, Rate>()
  const add = (some: readonly Rate[]): void => {
    for (const rate of atTime(some, prices)) rates.set(JSON.stringify(rate), rate)
  }
  const resolved = targets.map((one, target): ResolvedTarget => {
    if (one.model === null)
      return { ...one, provider: null, target, priced: true, rule: 'own model', source: null }
    const { provider, rates: found, rule } = book.resolve(one.provider, one.model)
    add(found)
    return {
      ...one,
      provider,
      target,
      priced: found.length > 0,
      rule,
      source: found.at(-1)?.price_source ?? null,
    }
  })
  if (targets.some(({ model }) => model === null))
    for (const { provider, model } of models) if (model !== null) add(book.resolve(provider, model).rates)
  return {
    targets: resolved,
    params: {
      what_if_targets: JSON.stringify(
        resolved.map(({ target, provider, model, tier }) => ({ target, provider, model, tier })),
      ),
      what_if_rates: JSON.stringify([...rates.values()]),
    },
  }
}

/** The rates that hold: all of them, each for its time; or those of one moment, for all time. */
function atTime(rates: readonly Rate[], prices: PriceTime): readonly Rate[] {
  if (prices === 'call') return rates
  const moment = prices.toISOString().slice(0, 19).replace('T', ' ')
  return rates
    .filter(({ valid_from, valid_to }) => valid_from <= moment && moment < valid_to)
    .map((rate) => ({ ...rate, valid_from: openStart, valid_to: openEnd }))
}
