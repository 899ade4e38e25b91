/** The table of calls that an address and the options name, as far as the engine tells it. */
import { waitOf } from '../../domain/time/duration.js'
import { addressOf, isLoopback, variables, type Address } from '../../engines/servers/address.js'
import type { Connection } from '../../engines/servers/connection.js'
import { givenTable, type GivenTable } from '../../engines/given-table.js'
import { columnsThere } from '../../engines/pulling/pull.js'
import { connectionTo } from '../../engines/registry.js'
import type { ForeignTable } from '../../engines/table.js'
import type { Settings } from '../../questions/question.js'
import type { Invocation } from '../command.js'
import { tableOf } from './engine-options.js'

export interface EngineTable {
  readonly address: Address
  readonly connection: Connection
  readonly given: GivenTable
  readonly table: ForeignTable
  /** Columns of a table of our own. */
  readonly has: (column: string) => boolean
  /** What `files` calls it. */
  readonly source: string
}

/** @throws UserError */
export async function openTable(
  label: string,
  invocation: Invocation,
  settings: Settings,
): Promise<EngineTable> {
  const { options, env, terminal } = invocation
  const timeout = waitOf(String(options['engineTimeout']), '--engine-timeout')
  const address = addressOf(label, timeout)
  const hasSecret = variables[address.engine].slice(1).some((name) => (env[name] ?? '') !== '')
  if (hasSecret && !address.isSecure && !isLoopback(address))
    terminal.warn(
      `the password for ${address.said} goes over the network as it is: ${address.engine}s:// uses TLS`,
    )
  const connection = connectionTo(address, env)
  const told = tableOf(invocation, settings)
  const given = address.table === undefined || invocation.given('table') ? told : { ...told, name: address.table } // prettier-ignore
  const isOwn = given.preset === undefined && Object.keys(given.map).length === 0
  const there = isOwn ? new Set(await columnsThere(connection, given.name)) : undefined
  const has = (name: string): boolean => there === undefined || there.has(name)
  const table = givenTable(connection.dialect, given, has)
  const source = `${address.said.replace(/\/$/, '')}/${given.name}`
  return { address, connection, given, table, has, source }
}
