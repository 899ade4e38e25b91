import { exitCodes, UserError } from '../../errors.js'
import { bytes, count } from '../../domain/words/wording.js'
import { agentFolders, agentHomes, type LogFolder } from '../../ingest/files/agent-homes.js'
import type { SourceFile } from '../../ingest/files/discover.js'
import { doubts, ingest, type RejectLimit } from '../../ingest/ingest.js'
import type { IngestSummary } from '../../ingest/summary.js'
import { hasRefused, ingestReport, refusedWords } from '../../reports/store/ingest.js'
import { outputOptions, sourceOptions, storeOptions, type CommandSpec, type Invocation } from '../command.js'
import { assertNoEngineOptions, pullOptions } from './engine-options.js'
import { fileMode } from '../file-mode.js'
import { ofSameCalls } from '../command-text.js'
import { progressBar } from '../progress.js'
import { confirmSums, machineOf, readingOf, settingsOf } from '../settings.js'

export const ingestCommand: CommandSpec = {
  name: 'ingest',
  summary: 'read call logs and bills into the database',
  details: `Reads files, folders (recursively), globs and - for stdin; plain, .gz or .zst. The importer is recognised
from the content; llmcost formats lists them. Bills are kept beside the calls, never among them. Files that did not
change are skipped; a file that grew is read from where it ended.`,
  arguments: [{ name: '[sources...]', about: 'files, folders, globs, or - for stdin' }],
  options: [
    ...sourceOptions,
    {
      flags: '--rollup',
      about: 'take sums of calls that an engine holds, or its answer in a file',
      group: 'Engine',
    },
    ...pullOptions,
    { flags: '--agents', about: "read the sessions of this user's coding agents", group: 'Ingest' },
    { flags: '--dry-run', about: 'tell what would happen, and change nothing', group: 'Ingest' },
    { flags: '--strict', about: 'refuse a file with any reject', group: 'Ingest' },
    {
      flags: '--max-rejects <limit>',
      about: 'refuse a file with more rejects: a share or a count',
      fallback: '20%',
      group: 'Ingest',
    },
    { flags: '--replace', about: 'read files anew and take out what they brought before', group: 'Ingest' },
    { flags: '--verbose', about: 'a row a file, whatever became of it', group: 'Ingest' },
    { flags: '--keep-rejected-text', about: 'store the text of rejected records too', group: 'Ingest' },
    {
      flags: '--mode <octal>',
      about: 'who may read a database that is made, such as 0640 (default: you alone)',
      group: 'Store',
    },
    ...storeOptions,
    ...outputOptions,
  ],
  examples: [
    { command: 'llmcost ingest logs/*.jsonl', about: 'read some files' },
    { command: 'llmcost ingest --agents', about: "all sessions of this user's coding agents" },
    { command: 'llmcost ingest --rollup trino://host/lake/llm', about: 'sums of calls that stay there' },
    { command: 'zcat calls.jsonl.gz | llmcost ingest -', about: 'read from a pipe' },
    {
      command:
        'llmcost ingest trace.csv --map ts=When --map input_tokens=In --map output_tokens=Out --set model=gpt-4o',
      about: 'say what the columns are',
    },
  ],
  async run(invocation) {
    if (invocation.options['rollup'] === true)
      return (await import('./taking-cells.js')).takeCells(invocation)
    assertNoEngineOptions(invocation)
    const settings = await settingsOf(invocation)
    const fetched =
      invocation.options['calls'] === true
        ? await (await import('./fetching-calls.js')).fetchCalls(invocation, settings)
        : sourcesOf(invocation)
    const { options, terminal } = invocation
    const mode = fileMode(invocation)
    const bar = progressBar(terminal)
    let summary: IngestSummary
    try {
      summary = await ingest({
        ...readingOf(invocation, settings),
        ...fetched,
        store: { ...settings.storeOptions, mode },
        dbPath: settings.dbPath,
        version: invocation.version,
        rejectLimit: rejectLimit(invocation),
        replace: options['replace'] === true,
        dryRun: options['dryRun'] === true,
        keepRejectedText: options['keepRejectedText'] === true,
        ...(bar.update ? { onProgress: bar.update } : {}),
      })
    } finally {
      bar.stop()
    }
    if (options['dryRun'] !== true) await confirmSums(invocation, settings)
    const refused = refusedWords(summary)
    // The summary says it too, and by cron it goes to /dev/null.
    if (!terminal.interactive) for (const words of refused) terminal.warn(words)
    return {
      report: ingestReport(
        summary,
        {
          dbPath: settings.dbPath,
          typed: ofSameCalls(invocation),
          now: invocation.now,
          verbose: options['verbose'] === true,
        },
        doubts(summary),
      ),
      ...(hasRefused(summary) ? { exitCode: exitCodes.refused } : {}),
    }
  },
}

/**
 * What is named, and with `--agents` the sessions of agents; on a terminal these too where nothing is named.
 * @throws UserError
 */
function sourcesOf({ args, options, env, terminal }: Invocation): {
  readonly sources: readonly string[]
  readonly found?: readonly SourceFile[]
} {
  const isAsked = options['agents'] === true
  const machine = isAsked || (args.length === 0 && terminal.interactive) ? machineOf(env) : undefined
  const folders = machine === undefined ? [] : agentFolders(machine)
  if (folders.length > 0) {
    if (!isAsked) terminal.warn(`nothing is named: reading ${folders.map(foundWords).join(', ')}`)
    return { sources: args, found: folders.flatMap(({ files }) => files) }
  }
  if (isAsked)
    throw new UserError('no coding agent of yours has sessions here', {
      hint: `Looked in ${machine === undefined ? 'no folder: HOME is not set' : agentHomes(machine).join(', ')}.`,
    })
  if (args.length > 0) return { sources: args }
  throw new UserError('there is nothing named to ingest', {
    code: 'usage',
    hint: 'Write llmcost ingest <sources...>: files, folders, globs, or - for stdin; or --agents.',
  })
}

/** `~/.claude/projects (14 files, 3.2 MB)` */
const foundWords = ({ label, files }: LogFolder): string =>
  `${label} (${count(files.length)} ${files.length === 1 ? 'file' : 'files'}, ${bytes(files.reduce((sum, { size }) => sum + size, 0))})`

/** `--strict`, else `--max-rejects` as `20%` or a count. */
function rejectLimit(invocation: Invocation): RejectLimit {
  if (invocation.options['strict'] === true) return { count: 0 }
  const text = String(invocation.options['maxRejects'])
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text)
  const value = Number(match?.[1])
  if (!match || (match[2] === '%' && value > 100) || (match[2] === '' && !Number.isInteger(value))) {
    throw new UserError(`--max-rejects ${text} is neither a share nor a count`, {
      code: 'usage',
      hint: 'Write 20%, 100% or 50.',
    })
  }
  return match[2] === '%' ? { share: value / 100 } : { count: value }
}
