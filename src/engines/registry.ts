/** The engines whose SQL is known. DuckDB is the one that tests hold the others against. */
import { UserError } from '../errors.js'
import { clickhouse } from './clickhouse.js'
import type { Address } from './servers/address.js'
import { clickhouseConnection } from './servers/clickhouse-http.js'
import type { Connection } from './servers/connection.js'
import type { Dialect } from './dialect.js'
import { athena, trino } from './trino.js'
import { trinoConnection } from './servers/trino-http.js'

const engines: readonly Dialect[] = [trino, athena, clickhouse]

export const engineNames: readonly string[] = engines.map(({ id }) => id)

/** A connection to the engine of an address. */
export const connectionTo = (
  address: Address,
  env: Readonly<Record<string, string | undefined>>,
): Connection => (address.engine === 'trino' ? trinoConnection : clickhouseConnection)(address, env)

/** @throws UserError (usage) */
export function engineOf(name: string): Dialect {
  const found = engines.find(({ id }) => id === name)
  if (found !== undefined) return found
  throw new UserError(`--engine ${name} is not known`, {
    code: 'usage',
    hint: `Known: ${engineNames.join(', ')}.`,
  })
}
