/**
 * Sketches: how many calls of a UTC day have a value in each bucket, by one label at a time. A quantile of many
 * calls is read from the buckets of their days, within half a percent of the exact one.
 */
import { conditions } from './parts.js'
import { guessedBucket, unitsOf } from './sketch-buckets.js'
import { owners, type CubeColumn, type Label } from './labels.js'

/** Labels whose values have sketches of their own, in pairs: both of a pair are counted in one pass. */
export const sketchPairs = [
  ['provider', 'model'],
  ['feature', 'endpoint'],
  ['team', 'environment'],
] as const satisfies readonly (readonly Label[])[]

export type SketchLabel = (typeof sketchPairs)[number][number]

export const sketchLabels: readonly SketchLabel[] = sketchPairs.flat()

interface Sketched {
  /** SQL over a call; NULL where it takes no part. */
  readonly value: string
  readonly unitsInOne: number
  /** A DECIMAL, compared with bounds that are decimals too. */
  readonly isMoney?: true
  /** The quantities that calls are told apart by, and which of them a call counts in: SQL, from 0. */
  readonly quantities: readonly string[]
  readonly which?: string
  /** A column that many logs lack. */
  readonly rare?: string
}

const ofCalls = (value: string): string => `CASE WHEN ${conditions.call} THEN ${value} END`
const ofAnswered = (value: string): string => `CASE WHEN ${conditions.answered} THEN ${value} END`

/** What is left of the latency after the first token where that is logged, else all of it, ms. */
const generating = '(latency_ms - coalesce(ttft_ms, 0))'

/** What is sketched of each call; a unit of time is a millionth of a millisecond, one of money 1e-12 USD. */
const sketched: Readonly<Record<string, Sketched>> = {
  cost: { value: ofCalls('cost_usd'), unitsInOne: 1e12, isMoney: true, quantities: ['cost_usd'] },
  input: {
    value: ofCalls('input_tokens'),
    unitsInOne: 1,
    quantities: ['input_tokens'],
  },
  output: { value: ofCalls('output_tokens'), unitsInOne: 1, quantities: ['output_tokens'] },
  latency: {
    value: 'latency_ms',
    unitsInOne: 1e6,
    quantities: ['answered_latency_ms', 'hit_latency_ms', 'failed_latency_ms', 'failed_hit_latency_ms'],
    which: `CASE WHEN ${conditions.hit} THEN 1 ELSE 0 END + CASE WHEN ${conditions.failed} THEN 2 ELSE 0 END`,
  },
  ttft: { value: ofAnswered('ttft_ms'), unitsInOne: 1e6, quantities: ['ttft_ms'], rare: 'ttft_ms' },
  speed: {
    value: `CASE WHEN ${conditions.answered} AND output_tokens > 0 AND ${generating} > 0
      THEN CAST(output_tokens AS DOUBLE) * 1000 / ${generating} END`,
    unitsInOne: 1e6,
    quantities: ['output_tokens_per_second'],
  },
  filled: {
    value: 'CASE WHEN max_tokens > 0 THEN CAST(output_tokens AS DOUBLE) / max_tokens END',
    unitsInOne: 1e9,
    quantities: ['output_of_max_tokens'],
    rare: 'max_tokens',
  },
}

export const sketchNames: readonly string[] = Object.keys(sketched)

const sketchOf = (name: string): Sketched => sketched[name]!

export const rareColumnOfSketch = (name: string): string | undefined => sketchOf(name).rare

/** The quantities of `daily_sketches`, and their units. */
const quantityUnits: ReadonlyMap<string, number> = new Map(
  Object.values(sketched).flatMap(({ quantities, unitsInOne }) =>
    quantities.map((quantity): [string, number] => [quantity, unitsInOne]),
  ),
)

export const sketchQuantities: readonly string[] = [...quantityUnits.keys()]

/** Columns of `daily_sketches`; `ts` is the beginning of a UTC day. */
export const dailySketchColumns: readonly CubeColumn[] = [
  { name: 'ts', type: 'TIMESTAMP', required: true },
  { name: 'owner', type: 'VARCHAR', required: true, words: owners },
  { name: 'label', type: 'VARCHAR', required: true, words: ['total', ...sketchLabels] },
  { name: 'label_value', type: 'VARCHAR' },
  { name: 'quantity', type: 'VARCHAR', required: true, words: sketchQuantities },
  { name: 'bucket', type: 'SMALLINT', required: true },
  { name: 'bucket_calls', type: 'BIGINT', required: true },
  // Of a day of pulled hours, who brought them.
  { name: 'file_id', type: 'BIGINT', since: 11 },
]

/**
 * A statement of calls with the bucket of each sketch as `<name>_bucket`, NULL where a call takes no part, and
 * `<name>_which` of its quantities it is, where there are several.
 * @param keep columns, or SQL, that stay beside them
 * @param calls FROM item, and what follows it
 * @param bounds table of the buckets
 */
export function bucketedCalls(
  names: readonly string[],
  keep: readonly string[],
  { calls, bounds }: { readonly calls: string; readonly bounds: string },
): string {
  const values = names.flatMap((name) => {
    const { value, which } = sketchOf(name)
    return [`${value} AS ${name}_value`, ...(which ? [`CAST(${which} AS TINYINT) AS ${name}_which`] : [])]
  })
  const units = names.map((name) => `${unitsOf(`${name}_value`, sketchOf(name).unitsInOne)} AS ${name}_units`)
  const guesses = names.map((name) => `${guessedBucket(`${name}_units`)} AS ${name}_guess`)
  const joins = names.map(
    (name) => `LEFT JOIN ${bounds} AS ${name}_bounds ON ${name}_bounds.bucket = ${name}_guess`,
  )
  return `SELECT ${['guessed.* EXCLUDE (' + names.flatMap((name) => [`${name}_value`, `${name}_units`, `${name}_guess`]).join(', ') + ')', ...names.map(corrected)].join(', ')}
    FROM (SELECT *, ${guesses.join(', ')} FROM (SELECT *, ${units.join(', ')} FROM (
      SELECT ${[...keep, ...values].join(', ')} FROM ${calls}))) AS guessed ${joins.join(' ')}`
}

/** The bucket whose bounds the value lies between; the guess may be one beside it. */
function corrected(name: string): string {
  const { isMoney } = sketchOf(name)
  const value = isMoney ? `${name}_value` : `${name}_units`
  const of = (bound: string): string => `${name}_bounds.${bound}${isMoney ? '_usd' : ''}`
  return `CAST(${name}_guess - CASE WHEN ${value} < ${of('least')} THEN 1 ELSE 0 END
    + CASE WHEN ${value} >= ${of('next')} THEN 1 ELSE 0 END AS SMALLINT) AS ${name}_bucket`
}

/** SQL: which quantity of its sketch a bucketed call counts in, from 0. */
export const whichOf = (name: string): string => (sketchOf(name).which ? `${name}_which` : '0')

/** The word of the quantity that a call of a sketch counts in. @param which SQL, from 0 */
export function quantityOfSketch(name: string, which: string): string {
  const { quantities } = sketchOf(name)
  return `[${quantities.map((quantity) => `'${quantity}'`).join(', ')}][${which} + 1]`
}

/**
 * Which quantities of sketches make up one that quantiles are asked of. Not the input that was sent: what is made
 * of its p5 is told as the least there can be, and half a percent more would be too much.
 */
const madeOf: Readonly<Record<string, readonly string[]>> = {
  cost_usd: ['cost_usd'],
  input_tokens: ['input_tokens'],
  output_tokens: ['output_tokens'],
  latency_ms: sketched['latency']!.quantities,
  provider_latency_ms: ['answered_latency_ms'],
  hit_latency_ms: ['hit_latency_ms', 'failed_hit_latency_ms'],
  failed_latency_ms: ['failed_latency_ms', 'failed_hit_latency_ms'],
  provider_ttft_ms: ['ttft_ms'],
  output_tokens_per_second: ['output_tokens_per_second'],
  output_of_max_tokens: ['output_of_max_tokens'],
}

/** What tells a quantity that quantiles are asked of; undefined where no sketch does. */
export function sketchedQuantity(
  quantity: string,
): { readonly quantities: readonly string[]; readonly unitsInOne: number } | undefined {
  const quantities = madeOf[quantity]
  return quantities && { quantities, unitsInOne: quantityUnits.get(quantities[0]!)! }
}

/** Whether sketches tell quantiles of this quantity. */
export const isSketched = (quantity: string): boolean => Object.hasOwn(madeOf, quantity)

/** The sketches that count some of these quantities. */
export const sketchesOf = (quantities: readonly string[]): readonly string[] =>
  sketchNames.filter((name) => sketchOf(name).quantities.some((one) => quantities.includes(one)))
