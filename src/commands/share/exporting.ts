/** What the kinds of export have in common: format, output, and where the rows go. */
import { accessSync, constants, fstatSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Database } from '../../db/database.js'
import { scratchFolder } from '../../db/scratch.js'
import { closestNames } from '../../domain/words/names.js'
import { bytes, count } from '../../domain/words/wording.js'
import { UserError } from '../../errors.js'
import { formatEndings, type ExportFormat } from '../../exports/columns.js'
import type { ExportQuery } from '../../exports/copy.js'
import type { ExportMode } from '../../exports/target.js'
import { streamExport, writeExport } from '../../exports/write.js'
import { breakdown } from '../../metrics/breakdown.js'
import { partitions, type Partition } from '../../metrics/exports/exported-calls.js'
import { emptyText, warningsOf } from '../../reports/notes.js'
import { userMask } from '../../machine/umask.js'
import type { Invocation, OptionSpec, Outcome } from '../command.js'
import { fileMode } from '../file-mode.js'
import { ask, doubtsAbout, type Question } from '../../questions/question.js'
import { optionText } from '../option-values.js'

/**
 * @param formats those that this kind can be written in
 * @param isPrivate it holds calls, and is for the user alone unless more is asked for
 */
export function exportOptions(formats: readonly ExportFormat[], isPrivate = false): readonly OptionSpec[] {
  const names = formats.join(', ').replace(/, (\w+)$/, ' or $1')
  return [
    {
      flags: '-f, --format <format>',
      about: `${names} (default: the ending of --output, else csv)`,
      choices: formats,
      group: 'Output',
    },
    {
      flags: '-o, --output <path>',
      about: 'file or folder to write, not there yet (default: stdout)',
      group: 'Output',
    },
    { flags: '--force', about: 'replace what stands under --output', group: 'Output' },
    {
      flags: '--mode <octal>',
      about: `who may read the file, such as 0640 (default: ${isPrivate ? 'you alone' : 'as your umask says'})`,
      group: 'Output',
    },
    { flags: '-q, --quiet', about: 'no progress, hints or warnings on stderr', group: 'Output' },
  ]
}

/** Not there on every system. */
const stdoutName = '/dev/stdout'

export const partitionOption: OptionSpec = {
  flags: '--partition-by <bucket>',
  about: 'a folder for each day or month in --tz, named day=2026-10-05 or month=2026-10',
  choices: partitions,
  group: 'Output',
}

export interface Destination {
  readonly format: ExportFormat
  /** Undefined for stdout. */
  readonly output: string | undefined
  readonly force: boolean
  readonly partition: Partition | undefined
  readonly mode: ExportMode
}

/**
 * @param isPrivate as of `exportOptions`
 * @throws UserError (usage) for options that do not go together
 */
export function destinationOf(
  invocation: Invocation,
  formats: readonly ExportFormat[],
  isPrivate = false,
): Destination {
  const output = optionText(invocation, 'output')
  const partition = partitions.find((name) => name === optionText(invocation, 'partitionBy'))
  const named = formats.find((name) => name === optionText(invocation, 'format'))
  const format =
    named ??
    (output === undefined || partition !== undefined ? undefined : byEnding(output, formats)) ??
    'csv'
  if (output === undefined && (format === 'parquet' || partition !== undefined)) {
    throw new UserError(`${partition === undefined ? 'parquet' : '--partition-by'} needs --output`, {
      code: 'usage',
      hint:
        partition === undefined ? 'For example --output calls.parquet.' : 'Name a folder: --output calls.',
    })
  }
  if (output === '') throw new UserError('--output is empty', { code: 'usage', hint: 'Name a file.' })
  const force = invocation.options['force'] === true
  const mode = { asked: fileMode(invocation), otherwise: isPrivate ? 0o600 : 0o666 & ~userMask() }
  return { format, output: output === undefined ? undefined : resolve(output), force, partition, mode }
}

function byEnding(output: string, formats: readonly ExportFormat[]): ExportFormat {
  const ending = /\.([^./\\]+)$/.exec(output)?.[1]?.toLowerCase() ?? ''
  const format = Object.hasOwn(formatEndings, ending) ? formatEndings[ending] : undefined
  if (format !== undefined && formats.includes(format)) return format
  throw new UserError(`no format of this export goes with the name ${output}`, {
    code: 'usage',
    hint: `End it with ${formats.map((name) => `.${name}`).join(' or ')}, or choose with --format.`,
  })
}

/** Where `exported` lets the engine write: a file, or a folder with all that is in it. */
export const writtenIn = ({ output }: Destination): readonly string[] =>
  output !== undefined ? [dirname(output)] : stdoutIsPipe() ? [stdoutName] : [scratchFolder(), stdoutName]

/** Writes the rows, and answers with them or says on stderr where they are. @param noun what a row is */
export async function exported(
  invocation: Invocation,
  db: Database,
  query: ExportQuery,
  { format, output, force, mode }: Destination,
  noun: readonly [one: string, many: string],
): Promise<Outcome> {
  if (output === undefined && stdoutIsPipe()) {
    await streamExport(db, query, format, stdoutName)
    return { written: true }
  }
  const path = output ?? join(scratchFolder(), `export.${format}`)
  const { rows, size } = await writeExport(db, query, format, {
    path,
    force,
    mode: output === undefined ? { otherwise: 0o600 } : mode,
  })
  if (output === undefined) return { file: path }
  invocation.terminal.warn(`${count(rows)} ${noun[rows === 1 ? 0 : 1]} written to ${output} (${bytes(size)})`)
  return { written: true }
}

/**
 * The engine opens stdout by its name. A pipe takes that, unless another user made it; a file would be written
 * from its beginning again, and a socket cannot be opened.
 */
function stdoutIsPipe(): boolean {
  try {
    accessSync(stdoutName, constants.W_OK)
    return fstatSync(process.stdout.fd).isFIFO()
  } catch {
    return false
  }
}

/** Says on stderr what is doubtful about the calls in scope. */
export async function warnOfDoubts(invocation: Invocation, question: Question): Promise<void> {
  const measures = ['calls', 'unpriced_calls', 'partly_priced_calls'] as const
  const [total] = await ask(question.db, breakdown({ scope: question.scope, by: [], measures }))
  const doubts = await doubtsAbout(question, total)
  const empty = Number(total?.calls ?? 0) === 0 ? [emptyText(doubts)] : []
  for (const text of [...empty, ...warningsOf(doubts)]) invocation.terminal.warn(`warning: ${text}`)
}

/** @throws UserError (usage) */
export function unknownKind(given: string | undefined, kinds: readonly string[]): UserError {
  return given === undefined
    ? new UserError('what is to be exported?', {
        code: 'usage',
        hint: `Say one of ${kinds.join(', ')}: llmcost export calls --output calls.csv.`,
      })
    : new UserError(`${given} cannot be exported`, {
        code: 'usage',
        hint: `The closest: ${closestNames(given, kinds, 1).join()}. All: ${kinds.join(', ')}.`,
      })
}
