/**
 * What is left where both sides hold the same tokens: prices. A ratio that is constant over all models is a contract,
 * one of a model alone its price; where the bill does not tell tier or region, these make the same ratios.
 */
import type { CauseId, Part } from './cause.js'
import { groupBy, sumOf } from './cells.js'
import type { Money } from '../../domain/costs/units.js'
import { baseOf, fitsAt, pairsOf, ratioOf, regionOf, rest, scaledBy, stepOf, type Pair } from './ratios.js'
import type { Cell, Told } from './tables.js'

interface BillFacts {
  readonly provider: string
  readonly told: Told
  /** Half of the last digit that the bill's amounts have. */
  readonly half: Money
}

/** The parts that prices make; they add up to what the cells differ by. */
export function priceParts(cells: readonly Cell[], bill: BillFacts): Part[] {
  const { provider, half } = bill
  const pairs = pairsOf(cells).filter(({ billed, expected }) => billed !== 0n || expected !== 0n)
  const unpriced = new Set(
    cells.filter(({ priced, tokens }) => !priced && tokens > 0n).map(({ model }) => model),
  )
  const parts: Part[] = []
  for (const model of unpriced) {
    const own = pairs.filter((pair) => pair.model === model)
    parts.push({
      provider,
      model,
      amount: rest(own),
      cause: 'no_price',
      evidence: 'its calls count without a cost: llmcost prices check',
    })
  }
  const open = pairs.filter(({ model }) => !unpriced.has(model))
  const oneSided = open.filter(
    (pair) => (pair.billed === 0n || pair.expected === 0n) && !fitsAt([pair], 1, half),
  )
  parts.push(...oneSidedParts(oneSided, bill))
  const both = open.filter((pair) => !oneSided.includes(pair))
  if (both.length === 0) return parts
  if (fitsAt(both, 1, half)) return [...parts, ...roundingPart(provider, both)]
  const all = ratioOf(both)
  const models = [...groupBy(both, ({ model }) => model)]
  if (fitsAt(both, all, half) && new Set(both.map(({ kind, bucket }) => kind + bucket)).size > 1)
    return [
      ...parts,
      constantPart(
        both,
        all,
        models.map(([model]) => model),
        bill,
      ),
    ]
  const base = baseOf(models, half)
  if (base === undefined) return [...parts, ...looseParts(both, bill)]
  if (base !== 1) parts.push(contractPart(both, base, bill))
  const deviating: Pair[] = []
  for (const [model, own] of models) {
    const scaled = own.map((pair) => ({ ...pair, expected: pair.expected + scaledBy(pair.expected, base) }))
    if (fitsAt(scaled, 1, half)) deviating.push(...scaled)
    else parts.push(...modelParts(model, scaled, bill))
  }
  return [...parts, ...roundingPart(provider, deviating)]
}

function roundingPart(provider: string, pairs: readonly Pair[]): Part[] {
  const amount = rest(pairs)
  return amount === 0n
    ? []
    : [{ provider, model: null, amount, cause: 'rounding', evidence: 'below the last digit of each charge' }]
}

/** Days or models that only one side has, of a bill without tokens. */
function oneSidedParts(pairs: readonly Pair[], { provider }: BillFacts): Part[] {
  return [...groupBy(pairs, ({ model, billed }) => JSON.stringify([model, billed !== 0n]))].map(
    ([key, own]) => {
      const [model, isBilled] = JSON.parse(key) as [string, boolean]
      const days = [...new Set(own.map(({ bucket }) => bucket))].toSorted()
      return {
        provider,
        model,
        amount: rest(own),
        cause: isBilled ? ('logs_missing' as const) : ('calls_not_billed' as const),
        evidence: `${isBilled ? 'no log' : 'no bill'} has any of it on ${days.length === 1 ? days[0] : `${days.length} days from ${days[0]} to ${days.at(-1)}`}`,
      }
    },
  )
}

const percent = (ratio: number): string =>
  `${ratio >= 1 ? '+' : '−'}${(Math.abs(ratio - 1) * 100).toFixed(2).replace(/\.?0+$/, '')} %`

const isNear = (ratio: number, to: number): boolean => Math.abs(ratio - to) <= 0.002 * to

/** Causes other than the price that make this ratio, as far as the bill does not tell. */
function alike(ratio: number, told: Told, pairs: readonly Pair[]): CauseId[] {
  const causes: CauseId[] = []
  if (!told.tiers && (isNear(ratio, 0.5) || (ratio >= 1.5 && ratio <= 2.5) || isNear(ratio, 6)))
    causes.push('tier_not_logged')
  // Of one region alone the bill has nothing to compare it with.
  const regions = new Set(pairs.map(({ region }) => region))
  if ((!told.regions || regions.size < 2) && isNear(ratio, 1.1)) causes.push('region_multiplier')
  return causes
}

const deciding = (causes: readonly CauseId[], told: Told): string =>
  [
    ...(causes.includes('tier_not_logged') ? ['tokens by service tier (a usage export)'] : []),
    ...(causes.includes('region_multiplier') ? ['the region of each charge'] : []),
    ...(causes.includes('contract') && causes.includes('wrong_price')
      ? ['a second model on the bill, or the contract']
      : []),
    ...(causes.includes('logs_missing') && !told.tokens ? ['tokens by day and model (a usage export)'] : []),
  ].join('; ')

function named(causes: readonly CauseId[], told: Told): Pick<Part, 'cause' | 'fits' | 'decides'> {
  const [only, ...others] = [...new Set(causes)]
  return others.length === 0
    ? { cause: only! }
    : { fits: [only!, ...others], decides: deciding(causes, told) }
}

/** One ratio over everything. */
function constantPart(
  pairs: readonly Pair[],
  ratio: number,
  models: readonly string[],
  { provider, told }: BillFacts,
): Part {
  const days = new Set(pairs.map(({ bucket }) => bucket)).size
  const causes: CauseId[] = [
    'contract',
    ...(models.length === 1 ? (['wrong_price'] as const) : []),
    ...alike(ratio, told, pairs),
    // Calls that are lost do not thin out every day alike; two days may be chance.
    ...(!told.tokens && days < 3 ? ([ratio > 1 ? 'logs_missing' : 'calls_not_billed'] as const) : []),
  ]
  return {
    provider,
    model: models.length === 1 ? models[0]! : null,
    amount: rest(pairs),
    ...named(causes, told),
    evidence: `${percent(ratio)} on every day, model and kind of tokens`,
    ratio,
  }
}

function contractPart(pairs: readonly Pair[], ratio: number, { provider, told }: BillFacts): Part {
  return {
    provider,
    model: null,
    amount: sumOf(pairs, ({ expected }) => scaledBy(expected, ratio)),
    ...named(['contract', ...alike(ratio, told, pairs)], told),
    evidence: `${percent(ratio)} on most models`,
    ratio,
  }
}

/** What one model deviates by: its price, on all or some kinds of tokens, from a day on, or in a region. */
function modelParts(model: string, pairs: readonly Pair[], bill: BillFacts): Part[] {
  const { provider, told, half } = bill
  const off = pairs.filter((pair) => !fitsAt([pair], 1, half))
  const part = (causes: readonly CauseId[], evidence: string, ratio?: number): Part => ({
    provider,
    model,
    amount: rest(pairs),
    ...named(causes, told),
    evidence,
    ...(ratio === undefined ? {} : { ratio }),
  })
  const region = regionOf(pairs, off)
  const ratio = ratioOf(off)
  if (region !== undefined && fitsAt(off, ratio, half))
    return [part(['region_multiplier'], `${percent(ratio)} on what is billed in ${region}`, ratio)]
  const byKind = [...groupBy(off, ({ kind }) => kind)]
  if (fitsAt(pairs, ratioOf(pairs), half))
    return [
      part(
        ['wrong_price', ...alike(ratioOf(pairs), told, pairs)],
        `${percent(ratioOf(pairs))} on every day and kind of tokens`,
        ratioOf(pairs),
      ),
    ]
  const step = stepOf(pairs, half)
  if (step !== undefined)
    return [
      part(
        ['wrong_price', ...alike(step.ratio, told, pairs)],
        `${percent(step.ratio)} ${step.isFrom ? 'from' : 'until'} ${step.day}`,
        step.ratio,
      ),
    ]
  const constant = byKind.every(
    ([, own]) =>
      fitsAt(own, ratioOf(own), half) &&
      own.length === pairs.filter((pair) => pair.kind === own[0]!.kind).length,
  )
  if (constant && (told.tokens || new Set(pairs.map(({ bucket }) => bucket)).size > 2))
    return [
      part(['wrong_price'], byKind.map(([kind, own]) => `${percent(ratioOf(own))} on ${kind}`).join(', ')),
    ]
  return looseParts(pairs, bill)
}

/** No ratio holds: of a bill with tokens nothing known explains it; without them many things may. */
function looseParts(pairs: readonly Pair[], { provider, told, half }: BillFacts): Part[] {
  const amount = rest(pairs)
  const models = new Set(pairs.map(({ model }) => model))
  const model = models.size === 1 ? pairs[0]!.model : null
  if (told.tokens)
    return [
      {
        provider,
        model,
        amount,
        cause: 'unexplained',
        evidence: 'the ratio of what was billed to what was computed is not constant',
      },
    ]
  const off = pairs.filter((pair) => !fitsAt([pair], 1, half))
  const fits: CauseId[] = [
    amount > 0n ? 'logs_missing' : 'calls_not_billed',
    'wrong_price',
    'tier_not_logged',
    'cached_not_logged',
  ]
  const days = [...new Set(off.map(({ bucket }) => bucket))].toSorted()
  return [
    {
      provider,
      model,
      amount,
      fits,
      evidence: `the bill holds no tokens, and ${days.length === 1 ? days[0] : `${days.length} days`} differ by no constant ratio`,
      decides: 'tokens by day and model (a usage export)',
    },
  ]
}
