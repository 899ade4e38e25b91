/** Rows of a file of prices that would make the calls cost what was billed, where one ratio holds. */
import type { Part } from '../billing/reconcile/cause.js'
import type { PriceBook } from '../pricing/book.js'

const columns = [
  ['input', 'input_price'],
  ['cache_read', 'cache_read_price'],
  ['cache_write', 'cache_write_price'],
  ['cache_write_1h', 'cache_write_1h_price'],
  ['output', 'output_price'],
] as const

/**
 * Of a contract, a discount on all models of the provider; of a model, its prices times the ratio.
 * @param since day from which the prices would hold, `YYYY-MM-DD`
 * @returns lines of CSV with their header; none where no ratio is constant
 */
export function suggestedPrices(parts: readonly Part[], book: PriceBook, since: string): readonly string[] {
  const rows = parts.flatMap((part) => {
    if (part.ratio === undefined) return []
    if (part.cause === 'contract' && part.ratio < 1) return [contractRow(part.provider, part.ratio, since)]
    return part.cause === 'wrong_price' && part.model !== null ? priceRow(part, part.model, book, since) : []
  })
  const header = ['provider', 'model', 'valid_from', ...columns.map(([name]) => name), 'discount'].join(',')
  return rows.length === 0 ? [] : [header, ...rows]
}

const line = (cells: readonly string[]): string =>
  cells.map((cell) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')

const contractRow = (provider: string, ratio: number, since: string): string =>
  line([provider, '*', since, ...columns.map(() => ''), `${trimmed((1 - ratio) * 100)}%`])

function priceRow(
  { provider, ratio = 1, evidence }: Part,
  model: string,
  book: PriceBook,
  since: string,
): string[] {
  const rates = book
    .resolve(provider, model)
    .rates.filter(({ mode, band_lo: low }) => mode === 'standard' && low <= 0)
  const rate = rates.at(-1)
  if (rate === undefined) return []
  const from = /from (\d{4}-\d{2}-\d{2})$/.exec(evidence)?.[1] ?? since
  return [
    line([
      provider,
      model,
      from,
      ...columns.map(([, name]) => (rate[name] === null ? '' : trimmed(Number(rate[name]) * ratio))),
      '',
    ]),
  ]
}

/** At most nine digits behind the point, as prices have; what a ratio's own rounding makes of the last is left out. */
const trimmed = (value: number): string => String(Number(value.toPrecision(7)))
