/**
 * What each call costs, in whole numbers of 1e-12 USD: prices are whole numbers of 1e-15 USD a token, so that a part
 * of the list cost is a sum of products and one division, rounded half up. The rules are those of `pricing`; the
 * formulas here are held against it, call by call.
 */
import { usageFields } from '../domain/call.js'
import type { CostBasis } from '../domain/costs/basis.js'
import type { PriceName } from '../domain/costs/rate.js'
import { layered } from './calls-sql.js'
import type { Dialect } from './dialect.js'

const known = (field: string): string => `coalesce(a_${field}, 0)`
const input = 'coalesce(t_input, 0)'
const output = 'coalesce(t_output, 0)'

/** The name of a price's column: a whole number of 1e-15 USD. */
export const priceColumn = (name: PriceName): string => `n_${name}`

/** A million dollars: a part that has reached it is no amount that is stored. */
const tooMuch = '1000000000000000000'

type Products = readonly (readonly [count: string, prices: readonly PriceName[]])[]

const mediaProducts: Products = [
  ['p_audio_in', ['input_audio_price', 'input_price']],
  ['p_image_in', ['input_image_price', 'input_price']],
  ['p_video_in', ['input_video_price', 'input_price']],
  ['p_audio_out', ['output_audio_price', 'output_price']],
  ['p_image_out', ['output_image_price', 'output_price']],
]

const reasoningPriced = `CASE WHEN ${priceColumn('reasoning_output_price')} IS NULL THEN 0 ELSE least(${known('reasoning_output_tokens')}, p_text_out) END`

const listParts: readonly Products[] = [
  [['p_text_in', ['input_price']]],
  [
    [`(${known('cache_read_input_tokens')} - p_cached_audio)`, ['cache_read_price']],
    ['p_cached_audio', ['cache_read_audio_price', 'cache_read_price']],
  ],
  [
    [`(t_write - ${known('cache_creation_1h_input_tokens')})`, ['cache_write_price']],
    [known('cache_creation_1h_input_tokens'), ['cache_write_1h_price']],
  ],
  [
    ['(p_text_out - p_reasoning)', ['output_price']],
    ['p_reasoning', ['reasoning_output_price']],
  ],
  [
    ...mediaProducts,
    ['(1 - p_unanswered)', ['request_price']],
    [known('web_search_requests'), ['web_search_price']],
    [known('file_search_requests'), ['file_search_price']],
  ],
]

const when = (condition: string): string => `CASE WHEN ${condition} THEN 1 ELSE 0 END`

/** The call's tokens in kinds, so that none is billed twice; those that are no text are cut to what there is. */
function kinds(calls: string): string {
  const uncached = layered(
    {
      p_uncached: `greatest(${input} - ${known('cache_read_input_tokens')} - t_write, 0)`,
      p_cached_audio: `least(${known('cache_read_audio_input_tokens')}, ${known('cache_read_input_tokens')})`,
      p_audio_out: `least(${known('output_audio_tokens')}, ${output})`,
      p_unanswered: when(`w_status = 'error' AND ${input} = 0 AND ${output} = 0`),
    },
    calls,
  )
  const audio = layered(
    {
      p_audio_in: `least(greatest(${known('input_audio_tokens')} - p_cached_audio, 0), p_uncached)`,
      p_image_out: `least(${known('output_image_tokens')}, ${output} - p_audio_out)`,
    },
    uncached,
  )
  const image = layered(
    { p_image_in: `least(${known('input_image_tokens')}, p_uncached - p_audio_in)` },
    audio,
  )
  const video = layered(
    { p_video_in: `least(${known('input_video_tokens')}, p_uncached - p_audio_in - p_image_in)` },
    image,
  )
  const text = layered(
    {
      p_text_in: 'p_uncached - p_audio_in - p_image_in - p_video_in',
      p_text_out: `${output} - p_audio_out - p_image_out`,
    },
    video,
  )
  return layered({ p_reasoning: reasoningPriced }, text)
}

/** What the rate has no price for, though the call used it. */
function isUncovered(): string {
  const media: readonly (readonly [string, PriceName])[] = [
    [known('input_audio_tokens'), 'input_audio_price'],
    [known('output_audio_tokens'), 'output_audio_price'],
    [known('cache_read_audio_input_tokens'), 'cache_read_audio_price'],
    [known('input_image_tokens'), 'input_image_price'],
    [known('input_video_tokens'), 'input_video_price'],
    [known('output_image_tokens'), 'output_image_price'],
    [known('web_search_requests'), 'web_search_price'],
    [known('file_search_requests'), 'file_search_price'],
    [input, 'input_price'],
    [output, 'output_price'],
  ]
  const paid = `((${input} > 0 AND ${priceColumn('input_price')} > 0) OR (${output} > 0 AND ${priceColumn('output_price')} > 0))`
  return [
    `((r_lacks = 1 OR k_unknown = 1) AND ${paid})`,
    ...media.map(([count, price]) => `(${count} > 0 AND ${priceColumn(price)} IS NULL)`),
  ].join(' OR ')
}

/** A part in 1e-12 USD; NULL where it is a million dollars or more. */
function part(dialect: Dialect, products: Products): string {
  const sum = products.map(
    ([count, prices]) =>
      `${dialect.asWide(count)} * ${dialect.asWide(`coalesce(${[...prices.map(priceColumn), '0'].join(', ')})`)}`,
  )
  return dialect.asWide(dialect.wideDivided(`(${sum.join(' + ')} + 500)`, 1000))
}

/**
 * @param calls judged calls (`a_`, `t_`, `w_`, `r_`) joined with their key (`k_`) and their rate (`r_`, `n_`)
 * @returns the same with `c_list`, `c_cost`, `c_basis` and `c_partly`
 */
export function pricedCalls(dialect: Dialect, basis: CostBasis, calls: string): string {
  const names = listParts.map((_, i) => `l_${i}`)
  const parts = layered(
    Object.fromEntries(listParts.map((products, i) => [`l_${i}`, part(dialect, products)])),
    kinds(calls),
  )
  const isListed = `r_rated = 1 AND (t_input IS NOT NULL OR t_output IS NOT NULL OR (${priceColumn('request_price')} IS NOT NULL AND p_unanswered = 0))`
  const isAmount = names.map((name) => `${name} < ${dialect.asWide(tooMuch)}`).join(' AND ')
  const listed = layered(
    { l_sum: `CASE WHEN ${isListed} AND ${isAmount} THEN ${names.join(' + ')} END` },
    parts,
  )
  const list = layered(
    {
      c_list: `CASE WHEN l_sum < ${dialect.asWide(tooMuch)} THEN l_sum END`,
      c_uncovered: when(isUncovered()),
    },
    listed,
  )
  const { cost, basis: from } = outcome(dialect, basis)
  const costs = layered({ c_cost: cost, c_basis: from }, list)
  return layered({ c_partly: when("c_basis = 'list' AND (c_uncovered = 1 OR w_unread = 1)") }, costs)
}

/** What counts as the call's cost, and on which basis. */
function outcome(dialect: Dialect, basis: CostBasis): { cost: string; basis: string } {
  const used = `(${input} > 0 OR ${output} > 0 OR coalesce(t_total, 0) > 0)`
  const isReported = `(a_cost > 0 OR (a_cost = 0 AND (NOT ${used} OR coalesce(c_list, -1) = 0)))`
  const counted = usageFields.map((field) =>
    field === 'input_tokens'
      ? input
      : field === 'output_tokens'
        ? output
        : field === 'cache_creation_input_tokens'
          ? 'coalesce(t_creation, 0)'
          : known(field),
  )
  const isUncounted = `(c_list = 0 AND coalesce(a_cost, 0) > 0 AND ${counted.join(' + ')} = 0)`
  const whenListed = [`c_list IS NOT NULL AND NOT ${isUncounted}`, 'c_list', "'list'"] as const
  const whenReported = [isReported, 'a_cost', "'reported'"] as const
  const zero = dialect.asWide('0')
  const cases = [
    [
      'a_cache_hit = 1',
      basis === 'list-first' ? zero : `coalesce(a_cost, ${zero})`,
      "'response_cache'",
    ] as const,
    ...(basis === 'list-first' ? [whenListed, whenReported] : [whenReported, whenListed]),
    ['p_unanswered = 1', zero, "'no_usage'"] as const,
  ]
  const choose = (pick: 1 | 2): string => cases.map((one) => `WHEN ${one[0]} THEN ${one[pick]}`).join(' ')
  return { cost: `CASE ${choose(1)} END`, basis: `CASE ${choose(2)} END` }
}
