/**
 * Price overrides that people write: own prices, aliases, multipliers and house discounts, each from a
 * date on. They win over the price library.
 *
 * A row with prices replaces the model's prices. A row without prices changes what would hold anyway:
 * another model's (`alias_of`), times a discount, with other multipliers. `*` as model stands for all
 * models of the provider; an empty provider for any provider.
 */
import { createHash } from 'node:crypto'
import { UserError } from '../../errors.js'
import { readOverrideFile } from './override-files.js'
import { parseRow, type OverrideRow } from './override-rows.js'

export interface Overrides {
  readonly files: readonly string[]
  readonly rows: readonly OverrideRow[]
  /** Of the files' contents. */
  readonly hash: string
}

/** @throws UserError (usage) with file and line, the column, and what to write instead */
export function loadOverrides(paths: readonly string[]): Overrides {
  const hash = createHash('sha256')
  const rows: OverrideRow[] = []
  for (const path of paths) {
    const file = readOverrideFile(path)
    hash.update(`${file.text.length}:${file.text}`)
    rows.push(...file.rows.map(parseRow))
  }
  checkRows(rows)
  return { files: paths, rows, hash: hash.digest('hex').slice(0, 16) }
}

/** Two rows for the same thing would make the price depend on their order; a tier stands on a base row. */
function checkRows(rows: readonly OverrideRow[]): void {
  const seen = new Map<string, OverrideRow>()
  for (const row of rows) {
    const key = JSON.stringify([row.provider, row.model, row.validFrom, row.above])
    const first = seen.get(key)
    if (first) {
      throw new UserError(`model "${row.model}" is priced twice from the same date`, {
        code: 'usage',
        location: row.location,
        hint: `The other row is ${first.location}. Remove one, or give it another valid_from.`,
      })
    }
    seen.set(key, row)
  }
  for (const row of rows.filter(({ above }) => above > 0)) {
    const base = seen.get(JSON.stringify([row.provider, row.model, row.validFrom, 0]))
    if (base && Object.keys(base.prices).length > 0) continue
    throw new UserError(`model "${row.model}" has a price above ${row.above} input tokens, but none below`, {
      code: 'usage',
      location: row.location,
      hint: 'Add a row with the same provider, model and valid_from, its prices, and no above_input_tokens.',
    })
  }
}
