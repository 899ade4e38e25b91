/** Makes files readable for DuckDB: what each is, and which unit it becomes part of. */
import { createReadStream, createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { scratchFile } from '../../db/scratch.js'
import { encodingOf, readBytes, type Encoding } from './bytes.js'
import { csvUnit } from './csv-unit.js'
import type { SourceFile } from './discover.js'
import { directLines, copiedLines } from './line-units.js'
import type { ReadOptions } from '../options.js'
import { isOfTheMachine } from '../../errors.js'
import { headOfParquet, parquetUnit } from './parquet.js'
import { recognise, sniffLength } from './sniff.js'
import type { Reading, Unit } from './units.js'

/** A stream is written down first, since it is looked at more than once. */
async function pathOfStream(file: SourceFile): Promise<string> {
  if (file.readFrom !== undefined) return file.readFrom
  if (!file.stream) return file.path
  const known = written.get(file)
  if (known !== undefined) return known
  const { path, fd } = scratchFile('stream')
  await pipeline(
    file.path === '-' ? process.stdin : createReadStream(file.path),
    createWriteStream('', { fd, autoClose: false }),
  )
  written.set(file, path)
  return path
}

/** Where streams were written down: a run that begins anew can't read them again. */
const written = new WeakMap<SourceFile, string>()

/** First decoded bytes of a file, and whether that was all. */
async function headOf(
  path: string,
  encoding: Encoding,
  most = sniffLength,
): Promise<{ head: Buffer; whole: boolean }> {
  const parts: Buffer[] = []
  let length = 0
  if (encoding === 'parquet') return { head: await headOfParquet(path), whole: false }
  for await (const chunk of readBytes(path, encoding)) {
    parts.push(chunk)
    length += chunk.length
    if (length >= most) break
  }
  const all = Buffer.concat(parts)
  return { head: all.subarray(0, most), whole: length < most }
}

/** Bytes looked at in a file that nobody named. */
const glance = 1 << 16

/** True where an importer knows a regular file beyond doubt, by its beginning. */
export async function isClaimed(file: SourceFile): Promise<boolean> {
  try {
    const encoding = encodingOf(file.path)
    const { head, whole } = await headOf(file.path, encoding, glance)
    const found = recognise(head, whole, file.label, { map: {}, set: {} })
    return found !== undefined && (found.importer.isCertain ?? found.importer.detects)(found.sample)
  } catch (error) {
    if (isOfTheMachine(error)) throw error
    return false
  }
}

/** What a file is and how it is read; undefined when it holds nothing. */
export async function look(
  file: SourceFile,
  options: ReadOptions,
): Promise<Omit<Reading, 'fromByte' | 'fromLine'> | undefined> {
  const path = await pathOfStream(file)
  const encoding = encodingOf(path)
  const { head, whole } = await headOf(path, encoding)
  const recognised = recognise(head, whole, file.label, options)
  return recognised && { file, path, encoding, recognised }
}

/**
 * Prepares readings of one importer and shape. JSON lines of many small files share one temporary text.
 * @returns units in the order of the readings
 */
export async function prepare(readings: readonly Reading[]): Promise<Unit[]> {
  const units: Unit[] = []
  let shared: Reading[] = []
  const flush = async (): Promise<void> => {
    if (shared.length > 0) units.push(await copiedLines(shared))
    shared = []
  }
  for (const reading of readings) {
    if (reading.encoding === 'parquet') units.push(await parquetUnit(reading))
    else if (reading.recognised.shape.kind === 'csv') units.push(await csvUnit(reading))
    else {
      const direct = await directLines(reading)
      if (direct) {
        await flush()
        units.push(direct)
      } else shared.push(reading)
    }
  }
  await flush()
  return units
}
