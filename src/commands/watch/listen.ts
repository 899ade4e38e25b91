/** `llmcost listen`: takes traces and logs over OTLP/HTTP and spools them, for `watch` and `ingest` to read. */
import { resolve } from 'node:path'
import { counted } from '../../domain/words/plurals.js'
import { shellWord } from '../../domain/words/quoting.js'
import { systemFault, UserError } from '../../errors.js'
import type { Sums } from '../../listen/receiver.js'
import { listen } from '../../listen/server.js'
import { Spool } from '../../listen/spool.js'
import { isLoopback } from '../../machine/loopback.js'
import { untilSignal } from '../../machine/signals.js'
import { storeOptions, type CommandSpec, type Invocation } from '../command.js'
import { optionText } from '../option-values.js'
import { settingsOf } from '../settings.js'

/** OTLP's own port for HTTP. */
const defaultPort = '4318'
const defaultHost = '127.0.0.1'

/** A file of the spool is read whole each time that it has grown: small ones keep `watch` quick. */
const maxFileBytes = 8_000_000

/** As the collector bounds them. */
const limits = { body: 20_000_000, together: 100_000_000 }
const mostRequests = 100
const requestTimeoutMs = 30_000

/** What is refused is told so often, each in its words; a sender that errs may do so a thousand times a second. */
const mostTold = 100

export const listenCommand: CommandSpec = {
  name: 'listen',
  summary: 'take traces and logs from OpenTelemetry SDKs and collectors, for watch and ingest to read',
  details: [
    'Takes OTLP over HTTP (/v1/traces, /v1/logs; protobuf or JSON, gzip) and writes it to files below --spool, which llmcost watch or ingest reads. What was answered with 200 is on the disk. Metrics are answered, and not kept.',
    'Only what the calls are read from is kept: prompts, answers, tools and their arguments are left out before anything is written.',
    'Ends with SIGTERM or SIGINT.',
  ].join('\n'),
  options: [
    { flags: '--host <address>', about: 'address to listen at', fallback: defaultHost, group: 'Listen' },
    { flags: '-p, --port <port>', about: 'port to listen at; 0 for any', fallback: defaultPort, group: 'Listen' },
    { flags: '--spool <dir>', about: 'folder to write to (default: beside the database, its name and .otlp)', group: 'Listen' },
    ...storeOptions.filter(({ flags }) => /^--(config|db) /.test(flags)),
    { flags: '-q, --quiet', about: 'nothing but errors on stderr', group: 'Output' },
  ],
  examples: [
    { command: 'llmcost listen', about: 'for programs with OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318' },
    { command: 'llmcost listen --spool otlp & llmcost watch otlp', about: 'and the database stays current' },
  ],
  run: async (invocation) => {
    const { warn } = invocation.terminal
    const host = (optionText(invocation, 'host') ?? defaultHost).replaceAll(/^\[|\]$/g, '')
    const port = portOf(optionText(invocation, 'port') ?? defaultPort)
    const folder = await folderOf(invocation)
    const isLocal = isLoopback(host)
    if (!isLocal) warn(`${host} can be reached from other machines, and asks for no password: whoever reaches it can add calls`)
    const spool = await opened(folder)
    const ended = untilSignal()
    const told = new Set<string>()
    try {
      const { url, sums, end } = await listen({
        host, port, spool, isLocal, limits, mostRequests, requestTimeoutMs,
        onNotTaken: (words) => {
          if (told.size >= mostTold || told.has(words)) return
          told.add(words)
          warn(words)
        },
      })
      warn(`listening at ${url}, writing to ${folder}`)
      await ended.told
      await end()
      return { lines: [summaryOf(sums), `  llmcost ingest ${shellWord(folder)}`] }
    } finally {
      ended.forget()
      await spool.close()
    }
  },
} // prettier-ignore

function portOf(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  throw new UserError(`--port ${text} is no port`, { code: 'usage', hint: `Write --port ${defaultPort}.` })
}

async function folderOf(invocation: Invocation): Promise<string> {
  const given = optionText(invocation, 'spool')
  if (given !== undefined) return resolve(given)
  return `${(await settingsOf(invocation)).dbPath}.otlp`
}

async function opened(folder: string): Promise<Spool> {
  try {
    return await Spool.open({ folder, maxFileBytes })
  } catch (error) {
    throw systemFault(error, folder) ?? error
  }
}

function summaryOf({ requests, spans, logRecords, points, refused }: Sums): string {
  const parts = [
    `Ended. ${counted(requests, 'request', 'requests')} brought ${counted(spans, 'span', 'spans')} and ${counted(logRecords, 'log record', 'log records')}`,
    ...(points > 0 ? [`${counted(points, 'point of metrics', 'points of metrics')} were not kept`] : []),
    ...(refused > 0 ? [`${counted(refused, 'request was', 'requests were')} refused`] : []),
  ]
  return `${parts.join('; ')}.`
}
