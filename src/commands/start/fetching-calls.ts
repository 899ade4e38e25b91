/** `llmcost ingest ADDRESS --calls`: the calls of some hours, out of the engine that holds them, as a file to read. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { scratchFolder } from '../../db/scratch.js'
import { UserError } from '../../errors.js'
import { isAddress } from '../../engines/servers/address.js'
import { callsStatement } from '../../engines/calls-statement.js'
import type { SourceFile } from '../../ingest/files/discover.js'
import type { IngestRequest } from '../../ingest/request.js'
import type { Settings } from '../../questions/question.js'
import type { Invocation } from '../command.js'
import { hoursOf, unfit } from './engine-options.js'
import { openTable } from './engine-table.js'

/** How ingest reads what was fetched. */
export type Fetched = Pick<IngestRequest, 'sources' | 'found' | 'read' | 'takesOver'>

/** Options of logs that would be ignored. */
const ofLogs = ['from', 'baseTime', 'inputTz', 'dateOrder', 'decimal', 'agents', 'dryRun', 'rollup']

/** @throws UserError */
export async function fetchCalls(invocation: Invocation, settings: Settings): Promise<Fetched> {
  const { args, given } = invocation
  const wrong = ofLogs.find((name) => given(name))
  if (wrong !== undefined) throw unfit(wrong, 'does not go with --calls')
  const [label, ...more] = args
  if (label === undefined || more.length > 0 || !isAddress(label))
    throw new UserError('--calls takes the address of one engine', {
      code: 'usage',
      hint: "Write llmcost ingest 'trino://host:8080/catalog/schema' --table calls --calls --since 1d.",
    })
  const { connection, given: told, table, has, source } = await openTable(label, invocation, settings)
  const hours = hoursOf(invocation)
  const readFrom = join(scratchFolder(), 'fetched.csv')
  const query = { dialect: connection.dialect, table, given: told, hours, has }
  await connection.ask(callsStatement(query), readFrom)
  const day = (hour: number): string => new Date(hour * 3_600_000).toISOString().slice(0, 13)
  const file: SourceFile = {
    path: `${source}?${day(hours[0])}/${day(hours[1])}`,
    label: source,
    size: statSync(readFrom).size,
    mtimeMs: invocation.now.getTime(),
    stream: false,
    readFrom,
  }
  const { keepAcrossSources } = settings.readOptions
  return {
    sources: [],
    found: [file],
    read: {
      map: {},
      set: {},
      from: 'llmcost',
      ...(table.isOurs ? {} : { cacheTokens: table.cacheTokens }),
      ...(keepAcrossSources ? { keepAcrossSources } : {}),
    },
    takesOver: hours,
  }
}
