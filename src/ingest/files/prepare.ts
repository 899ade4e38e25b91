/** Makes files readable for DuckDB: what each is, and which unit it becomes part of. */
import { createReadStream, createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { scratchFile } from '../../db/scratch.js'
import { encodingOf, readBytes, type Encoding } from './bytes.js'
import { csvUnit } from './csv-unit.js'
import type { SourceFile } from './discover.js'
import { directLines, spooledLines } from './line-units.js'
import type { ReadOptions } from '../options.js'
import { recognise, sniffLength } from './sniff.js'
import type { Reading, Unit } from './units.js'

/** A stream is written down first, since it is looked at more than once. */
async function settleStream(file: SourceFile): Promise<string> {
  if (!file.stream) return file.path
  const known = settled.get(file)
  if (known !== undefined) return known
  const { path, fd } = scratchFile('stream')
  await pipeline(
    file.path === '-' ? process.stdin : createReadStream(file.path),
    createWriteStream('', { fd, autoClose: false }),
  )
  settled.set(file, path)
  return path
}

/** Where streams were written down: a run that begins anew can't read them again. */
const settled = new WeakMap<SourceFile, string>()

/** First decoded bytes of a file, and whether that was all. */
async function headOf(path: string, encoding: Encoding): Promise<{ head: Buffer; whole: boolean }> {
  const parts: Buffer[] = []
  let length = 0
  for await (const chunk of readBytes(path, encoding)) {
    parts.push(chunk)
    length += chunk.length
    if (length >= sniffLength) break
  }
  const all = Buffer.concat(parts)
  return { head: all.subarray(0, sniffLength), whole: length < sniffLength }
}

/** What a file is and how it is read; undefined when it holds nothing. */
export async function look(
  file: SourceFile,
  options: ReadOptions,
): Promise<Omit<Reading, 'fromByte' | 'fromLine'> | undefined> {
  const path = await settleStream(file)
  const encoding = encodingOf(path)
  const { head, whole } = await headOf(path, encoding)
  const recognised = recognise(head, whole, file.label, options)
  return recognised && { file, path, encoding, recognised }
}

/**
 * Prepares readings of one importer and shape. JSON lines of many small files share one spool.
 * @returns units in the order of the readings
 */
export async function prepare(readings: readonly Reading[]): Promise<Unit[]> {
  const units: Unit[] = []
  let shared: Reading[] = []
  const flush = async (): Promise<void> => {
    if (shared.length > 0) units.push(await spooledLines(shared))
    shared = []
  }
  for (const reading of readings) {
    if (reading.recognised.shape.kind === 'csv') units.push(await csvUnit(reading))
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
