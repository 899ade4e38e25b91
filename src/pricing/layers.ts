/**
 * Several accounts of what one model cost, laid over each other: from each moment on, the account that is
 * to be believed most. Those of more weight come first.
 */
import type { PriceSpan } from '../domain/costs/rate.js'
import type { HistoryEntry } from './history.js'
import { openStart } from './rates.js'

/** Prices for a stretch of time, and where they come from. */
export interface LayerSpan extends PriceSpan {
  readonly price_source: string
  /** Source and remarks; NULL where the source's name says it all. */
  readonly note: string | null
  readonly doubt: string | null
  /** True where the source says from which day on; false where it holds for want of anything else. */
  readonly dated: boolean
}

/** More prices than those of the package: those that the user fetched. They win over all but overrides. */
export interface PriceLayer {
  /** Of its contents: changes whenever a price could. */
  readonly hash: string
  /**
   * Dated prices of a name, else of the model that it means; empty: none.
   * @param names spellings in lower case, the name as logged first
   * @param matched the model of the price data: `openai/gpt-4o`
   */
  of(provider: string, names: readonly string[], matched: string | null): readonly LayerSpan[]
  /** Every model that it prices. */
  models(): readonly { readonly provider: string; readonly model: string }[]
}

/**
 * The prices of one model.
 * @param layers dated prices of more weight than the package's, the weightiest first
 */
export function overlaid(
  layers: readonly (readonly LayerSpan[])[],
  history: readonly HistoryEntry[],
  catalogue: readonly LayerSpan[],
): readonly LayerSpan[] {
  const own = history.map((entry) => ({ ...entry, spans: withOthers(entry.spans, catalogue) }))
  const corrections = own.filter(({ corrects }) => corrects).flatMap(({ spans }) => spans)
  const others = own.filter(({ corrects }) => !corrects).flatMap(({ spans }) => spans)
  const dated = catalogue.filter((span) => span.dated)
  const first = own[0]
  // Where the history knows when a model was first sold, an undated price is none of the time before.
  const start = first?.start === true ? first.spans[0]?.valid_from : undefined
  const undated = catalogue
    .filter((span) => !span.dated)
    .map((span) => (start !== undefined && span.valid_from < start ? { ...span, valid_from: start } : span))
    .filter((span) => span.valid_from < span.valid_to)
  const spans = [...layers, corrections, dated, others, undated].reduce<readonly LayerSpan[]>(cover, [])
  return extended(sorted(spans), history)
}

/** The spans, and of `below` what is in times that they leave open. */
function cover(spans: readonly LayerSpan[], below: readonly LayerSpan[]): readonly LayerSpan[] {
  const taken = [...new Set(spans.map((span) => `${span.valid_from}|${span.valid_to}`))].map((range) =>
    range.split('|'),
  )
  return [
    ...spans,
    ...below.flatMap((span) =>
      taken.reduce((parts, [from = '', to = '']) => parts.flatMap((part) => without(part, from, to)), [span]),
    ),
  ]
}

/** The parts of a span outside of [from, to). */
function without<T extends PriceSpan>(span: T, from: string, to: string): T[] {
  if (span.valid_to <= from || to <= span.valid_from) return [span]
  return [
    ...(span.valid_from < from ? [{ ...span, valid_to: from }] : []),
    ...(to < span.valid_to ? [{ ...span, valid_from: to }] : []),
  ]
}

const sorted = <T extends PriceSpan>(spans: readonly T[]): readonly T[] =>
  spans.toSorted(
    (a, b) => a.valid_from.localeCompare(b.valid_from) || a.minute_lo - b.minute_lo || a.band_lo - b.band_lo,
  )

/** Calls before the first known price take it, and it is doubtful there: better than no price. */
function extended(spans: readonly LayerSpan[], history: readonly HistoryEntry[]): readonly LayerSpan[] {
  const start = spans[0]?.valid_from ?? openStart
  if (start <= openStart) return spans
  const launch = history[0]?.kind === 'launch' && history[0].spans[0]?.valid_from === start
  const doubt = `${launch ? 'sold since' : 'first known price is of'} ${start.slice(0, 10)}`
  const before = spans
    .filter((span) => span.valid_from === start)
    .map((span) => ({ ...span, valid_from: openStart, valid_to: start, doubt, dated: false }))
  return [...before, ...spans]
}

/** Prices that the history has no columns for, as the price library has them for the same model. */
function withOthers(spans: readonly LayerSpan[], catalogue: readonly LayerSpan[]): readonly LayerSpan[] {
  const like = catalogue.at(-1)
  if (like === undefined) return spans
  return spans.map((span) => {
    const asCached = like.cache_read_price === span.cache_read_price
    const asInput = (price: string | null): string | null =>
      price === like.input_price ? span.input_price : price
    return {
      ...span,
      reasoning_output_price: like.reasoning_output_price,
      input_audio_price: like.input_audio_price,
      output_audio_price: like.output_audio_price,
      cache_read_audio_price: asCached ? like.cache_read_audio_price : null,
      input_image_price: asInput(like.input_image_price),
      input_video_price: asInput(like.input_video_price),
      output_image_price: like.output_image_price,
      request_price: like.request_price,
      web_search_price: like.web_search_price,
      file_search_price: like.file_search_price,
    }
  })
}
