/**
 * What service tiers, speeds and places do to prices, by provider, model and date: the rows of
 * `data/price-multipliers.csv`, each with its source. What is not in it is not known: there is no usual
 * discount.
 */
import { plainDecimal } from './billionths.js'
import { readDataFile, timeOf } from './data-file.js'
import { withoutDate } from './spellings.js'

export interface Multiplier {
  readonly provider: string
  /** In lower case; `gpt-*` for all names that begin so, `*` for all models. */
  readonly model: string
  /** A tier, `fast_mode`, `fast_mode_above_200000`, `us_inference`, `regional` or `off_peak_utc_…`. */
  readonly kind: string
  readonly valid_from: string
  readonly valid_to: string
  /** Of every price of tokens; null where only the prices themselves are known. */
  readonly multiplier: string | null
  /** The prices of input and output themselves, where the provider lists them: they stand. */
  readonly input: string | null
  readonly output: string | null
  readonly source: string
  readonly note: string
}

let loaded: { rows: readonly Multiplier[]; text: string } | undefined

/** All multipliers, and the file's content for the fingerprint. */
export function loadMultipliers(): { rows: readonly Multiplier[]; text: string } {
  if (loaded === undefined) {
    const { text, rows } = readDataFile('price-multipliers.csv')
    loaded = { text, rows: rows.map(multiplierOf) }
  }
  return loaded
}

function multiplierOf(cells: Readonly<Record<string, string>>): Multiplier {
  const cell = (name: string): string => cells[name] ?? ''
  const number = (name: string): string | null => (cell(name) === '' ? null : plainDecimal(cell(name)))
  return {
    provider: cell('provider'),
    model: cell('model').toLowerCase(),
    kind: cell('kind'),
    valid_from: timeOf(cell('valid_from')),
    valid_to: timeOf(cell('valid_to')),
    multiplier: number('multiplier'),
    input: number('input'),
    output: number('output'),
    source: cell('source'),
    note: cell('note'),
  }
}

/**
 * The multipliers that concern a model, those that name it most closely first: its name, the name without
 * a snapshot's date, the model that it was matched to, the beginning of its name, all models.
 * @param matched `provider/model` of the price data; null when nothing matched
 */
export function multipliersFor(
  provider: string,
  names: readonly string[],
  matched: string | null,
): readonly Multiplier[] {
  const rows = loadMultipliers().rows.filter((row) => row.provider === provider)
  if (rows.length === 0) return rows
  const same = matched?.startsWith(`${provider}/`) === true ? [matched.slice(provider.length + 1)] : []
  const undated = names.map(withoutDate).filter((name) => name !== undefined)
  const exact = [...names, ...undated, ...same.map((name) => name.toLowerCase())]
  const rank = ({ model }: Multiplier): number => {
    if (model === '*') return exact.length + 1
    if (model.endsWith('*'))
      return exact.some((name) => name.startsWith(model.slice(0, -1))) ? exact.length : -1
    return exact.indexOf(model)
  }
  return rows
    .map((row) => ({ row, rank: rank(row) }))
    .filter((one) => one.rank >= 0)
    .toSorted((a, b) => a.rank - b.rank || b.row.model.length - a.row.model.length)
    .map(({ row }) => row)
}
