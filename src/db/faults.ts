/** What the engine says of a machine that fails it, in words for people. Other errors are not its machine's. */
import { tmpdir, totalmem } from 'node:os'
import { CallsElsewhere, MachineFault, NoRate, OutOfMemory, UserError } from '../errors.js'
import { counted } from '../domain/words/plurals.js'
import type { Resources } from './database.js'

const mebibyte = 1024 ** 2
/** Least memory with which anything can be read, bytes. */
const least = 256 * mebibyte

const units: Readonly<Record<string, number>> = {
  bytes: 1,
  KiB: 1024,
  MiB: mebibyte,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
}

const sizes = (message: string): number[] =>
  [...message.matchAll(/([\d.]+) (bytes|KiB|MiB|GiB|TiB)/g)].map(([, n, unit]) => Number(n) * units[unit!]!)

/** The fault of the machine that an error of the engine tells of; undefined for all others. */
export function engineFault(error: unknown, resources: Resources): MachineFault | undefined {
  if (!(error instanceof Error) || error instanceof UserError) return undefined
  const { message } = error
  // Whoever may not spill has words of its own.
  if (/^Out of Memory/i.test(message))
    return resources.spills === false ? undefined : memoryFault(error, resources)
  const path = /file "([^"]+)"/.exec(message)?.[1]
  const because = (what: string, hint: string): MachineFault =>
    new MachineFault(what, { hint, cause: error, ...(path === undefined ? {} : { location: path }) })
  if (/No space left on device|wanted=\d+ wrote=/i.test(message))
    return because(
      'the disk is full',
      'Make room there, then run it again. What was in the database is as it was.',
    )
  if (/Could not read enough bytes/i.test(message))
    return because(
      'the database is damaged: it ends too early',
      'It was left as it was. Restore a copy, or move it away and ingest the logs again.',
    )
  if (/computed checksum \d+ does not match/.test(message))
    return because(
      'the database is damaged: a part of it does not match its checksum',
      'It was left as it was. Restore a copy, or move it away and ingest the logs again.',
    )
  if (/Disk quota exceeded/i.test(message))
    return because('the quota of the disk is used up', 'Make room there, then run it again.')
  if (/File too large/i.test(message))
    return because(
      'a file may not grow as large as it must',
      'Allow larger files (ulimit -f), then run it again.',
    )
  if (/Too many open files/i.test(message))
    return because('too few files may be open at a time', 'Allow more (ulimit -n 1024), then run it again.')
  if (/Input\/output error/i.test(message)) return because('the disk reports an error', 'Check the disk.')
  if (/Cannot allocate memory/i.test(message))
    return because('the machine has no memory left', 'Close some programs, then run it again.')
  return undefined
}

function memoryFault(error: Error, resources: Resources): MachineFault {
  if (/max_temp_directory_size|offload/i.test(error.message))
    return new MachineFault('the temporary folder has no room for what memory does not hold', {
      location: tmpdir(),
      hint: 'Make room there, name a larger folder with TMPDIR, or give more memory with --memory-limit.',
      cause: error,
    })
  const [asked = 0, used = 0, limit = 0] = sizes(error.message)
  // The engine names the piece that did not fit; others of its size follow.
  const enough = powerOfTwo(Math.max(least, 2 * limit, 2 * (asked + used)))
  const own = resources.memoryLimit ?? `${Math.round(limit / mebibyte)}MB`
  const rest =
    enough > totalmem() ? ` This machine has ${gigabytes(totalmem())}: read fewer logs at a time.` : ''
  return new OutOfMemory(`the memory limit of ${own} is too small for this`, {
    hint: `Try --memory-limit ${enough >= 1024 * mebibyte ? `${enough / 1024 ** 3}GB` : `${enough / mebibyte}MB`}.${rest}`,
    cause: error,
  })
}

const powerOfTwo = (bytes: number): number => 2 ** Math.ceil(Math.log2(bytes))

const gigabytes = (bytes: number): string => `${(bytes / 1024 ** 3).toFixed(1)} GB`

/** How the failure of a statement begins that needs calls which the store does not hold. */
export const elsewhereMark = 'calls elsewhere:'

const told = new RegExp(
  `^Invalid Input Error: ${elsewhereMark} (\\S+) (\\S+) (archive|cube) (\\S+)(?: (.*))?$`,
)

/** What is said where a statement would need such calls; undefined for all other errors. */
export function callsElsewhere(error: unknown): CallsElsewhere | undefined {
  const [, first, until, owner, day, sources] = told.exec(error instanceof Error ? error.message : '') ?? []
  if (first === undefined || until === undefined || owner === undefined || day === undefined) return undefined
  const span = `--since ${first} --until ${until}`
  const status = 'llmcost status shows where the calls of which hours are.'
  const cause = error
  if (owner === 'archive')
    return new CallsElsewhere(`this needs the calls of ${first} to ${until}, which are in the archive`, {
      owner,
      day,
      span: `${first} to ${until}`,
      cause,
      hint: ['Name its folder with --archive DIR, LLMCOST_ARCHIVE or the config key archive.', status],
    })
  const fetched = (sources?.split(' ') ?? []).map((source) => `llmcost ingest '${source}' --calls ${span}`)
  const how =
    fetched.length === 0
      ? ['Ask for a time without these hours, or for what sums can tell: calls, tokens and cost by label.']
      : ['Fetch them, or ask for a time without these hours:', ...fetched]
  return new CallsElsewhere(
    `this needs the calls of ${first} to ${until}, of which the database has only sums`,
    {
      owner,
      day,
      span: `${first} to ${until}`,
      cause,
      hint: [...how, status],
    },
  )
}

/** How the failure of a statement begins that needs the exchange rate of a day without one. */
export const unratedMark = 'no exchange rate:'

const unrated = new RegExp(`^Invalid Input Error: ${unratedMark} ([A-Z]{3}) (\\d{4,}-\\d\\d-\\d\\d)$`)

/** What is said of such a day; undefined for all other errors. */
export function withoutRate(error: unknown): NoRate | undefined {
  const [, currency, day] = unrated.exec(error instanceof Error ? error.message : '') ?? []
  if (currency === undefined || day === undefined) return undefined
  return noRate(currency, [day], { cause: error })
}

/**
 * @param days the first days without a rate, in their order
 * @param more how many others there are
 * @param takesBefore the last rate before was looked for, too
 */
export const noRate = (
  currency: string,
  days: readonly string[],
  {
    more = 0,
    takesBefore = false,
    location,
    cause,
  }: { more?: number; takesBefore?: boolean; location?: string; cause?: unknown } = {},
): NoRate =>
  new NoRate(
    `there is no rate of ${currency} for ${days.join(', ')}${more > 0 ? ` and ${counted(more, 'more day')}` : ''}`,
    {
      code: 'usage',
      hint: takesBefore
        ? 'Nor is there one before: add it to the file of exchange_rates.'
        : 'Add it to the file of exchange_rates; --rate-before takes the last rate before such a day.',
      ...(location === undefined ? {} : { location }),
      cause,
    },
  )
