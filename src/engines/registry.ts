/** The engines whose SQL is known. DuckDB is the one that tests hold the others against. */
import { UserError } from '../errors.js'
import { clickhouse } from './clickhouse.js'
import type { Dialect } from './dialect.js'
import { athena, trino } from './trino.js'

const engines: readonly Dialect[] = [trino, athena, clickhouse]

export const engineNames: readonly string[] = engines.map(({ id }) => id)

/** @throws UserError (usage) */
export function engineOf(name: string): Dialect {
  const found = engines.find(({ id }) => id === name)
  if (found !== undefined) return found
  throw new UserError(`--engine ${name} is not known`, {
    code: 'usage',
    hint: `Known: ${engineNames.join(', ')}.`,
  })
}
