/** A table as `--table`, `--map`, `--set` and `--preset` describe it. */
import { usageFields } from '../domain/call.js'
import { UserError } from '../errors.js'
import type { Dialect, ValueKind } from './dialect.js'
import { presets } from './presets.js'
import { foreignFields, isTime, ownTable, usualKind, type ForeignTable } from './table.js'

export interface GivenTable {
  /** `calls`, `schema.calls`. */
  readonly name: string
  /** Field → column, or column:kind. */
  readonly map: Readonly<Record<string, string>>
  /** Field → value that all calls have. */
  readonly set: Readonly<Record<string, string>>
  readonly preset?: string | undefined
  readonly cacheTokens?: 'included' | 'excluded' | undefined
}

const kinds: readonly ValueKind[] = [
  'text',
  'whole',
  'decimal',
  'double',
  'boolean',
  'timestamp',
  'epoch_s',
  'epoch_ms',
]

/**
 * @param has columns that the table is known to have; undefined where nobody could ask
 * @throws UserError (usage)
 */
export function givenTable(
  dialect: Dialect,
  given: GivenTable,
  has?: (column: string) => boolean,
): ForeignTable {
  const from = given.name
    .split('.')
    .map((part) => dialect.name(part))
    .join('.')
  const { preset } = given
  if (preset !== undefined) {
    const found = presets.find(({ id }) => id === preset)
    if (found === undefined || !found.engines.includes(dialect.id))
      throw new UserError(`no preset "${preset}" for ${dialect.id}`, {
        code: 'usage',
        hint: `Known: ${presets.map(({ id }) => id).join(', ')}.`,
      })
    return found.table(from)
  }
  const isOwn = Object.keys(given.map).length === 0
  const table: ForeignTable = isOwn
    ? ownTable(dialect, from, has)
    : { from, columns: mapped(dialect, given.map), source: dialect.id, cacheTokens: 'included' }
  const columns = { ...table.columns, ...constants(dialect, given.set) }
  if (columns.ts === undefined || !isTime(columns.ts.kind))
    throw new UserError('no column of the table is its time', {
      code: 'usage',
      hint: 'Say which: --map ts=created_at, or --map ts=created:epoch_ms.',
    })
  return { ...table, columns, ...(given.cacheTokens ? { cacheTokens: given.cacheTokens } : {}) }
}

/** Names of `--map` that cells know otherwise. */
const fieldFor = (name: string): string =>
  name === 'request_model' || name === 'response_model' ? 'model' : name

function mapped(dialect: Dialect, map: GivenTable['map']): ForeignTable['columns'] {
  const entries = Object.entries(map)
    // The model that answered is what a call is priced as.
    .toSorted(([a], [b]) => Number(a === 'response_model') - Number(b === 'response_model'))
    .flatMap(([name, path]) => {
      const field = foreignFields.find((one) => one === fieldFor(name))
      if (field === undefined) return []
      const [, column = path, kind] = /^(.*):(\w+)$/.exec(path) ?? []
      if (kind !== undefined && !kinds.some((one) => one === kind))
        throw new UserError(`--map ${name}=${path}: no kind "${kind}"`, {
          code: 'usage',
          hint: `Known: ${kinds.join(', ')}.`,
        })
      const sql = column
        .split('.')
        .map((part) => dialect.name(part))
        .join('.')
      return [[field, { sql, kind: (kind as ValueKind | undefined) ?? usualKind(field) }] as const]
    })
  return Object.fromEntries(entries)
}

/** @throws UserError for a field that is no label */
function constants(dialect: Dialect, set: GivenTable['set']): ForeignTable['columns'] {
  const entries = Object.entries(set).map(([name, value]) => {
    const field = foreignFields.find((one) => one === fieldFor(name))
    if (field === undefined || usualKind(field) !== 'text' || usageFields.some((one) => one === field))
      throw new UserError(`--set ${name}=${value}: sums of a table have no such label`, {
        code: 'usage',
        hint: 'Labels that can be set: provider, model, feature, team, environment, project, operation and the like.',
      })
    return [field, { sql: dialect.literal(value), kind: 'text' as const }] as const
  })
  return Object.fromEntries(entries)
}
