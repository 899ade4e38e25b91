/**
 * Reads a CSV file that DuckDB refuses (ragged rows, stray quotes, an unclosed quote) and writes it anew
 * with one more column: the reason why a record can't be used, else empty. This is the slow path, one
 * record at a time; clean files never take it.
 */
import { quoteField } from '../../domain/words/quoting.js'
import { createReadStream, createWriteStream, ftruncateSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { once } from 'node:events'
import { parse as parseText } from 'csv-parse/sync'
import { CsvError, parse } from 'csv-parse'

/** Longest record that is looked at, characters. */
const recordLimit = 8_000_000

/** Line ends may differ within one file. */
const lineEnds = ['\r\n', '\n', '\r']

/**
 * Writes the file anew.
 * @param to open file, which is left open
 * @returns `endsInQuote`: a quoted field was still open at its end
 */
export async function repairCsv(
  from: string,
  to: number,
  delimiter: string,
  width: number,
): Promise<{ endsInQuote: boolean }> {
  try {
    await write(to, width, records(from, delimiter))
    return { endsInQuote: false }
  } catch (error) {
    // A quote that is not closed swallows the rest of the file, and one within a field ends the reading: then no
    // record may span lines.
    if (!(error instanceof CsvError)) throw error
    await write(to, width, recordsByLine(from, delimiter))
    return { endsInQuote: error.code !== 'INVALID_OPENING_QUOTE' }
  }
}

async function* records(from: string, delimiter: string): AsyncGenerator<readonly string[]> {
  const parser = createReadStream(from).pipe(
    parse({
      delimiter,
      record_delimiter: lineEnds,
      bom: true,
      relax_column_count: true,
      skip_empty_lines: true,
      max_record_size: recordLimit,
    }),
  )
  for await (const record of parser) yield record as string[]
}

async function* recordsByLine(from: string, delimiter: string): AsyncGenerator<readonly string[]> {
  for await (const line of createInterface({
    input: createReadStream(from),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    if (line.trim() === '') continue
    try {
      const rows: string[][] = parseText(line, {
        delimiter,
        bom: true,
        relax_column_count: true,
        max_record_size: recordLimit,
      })
      yield rows[0] ?? []
    } catch (error) {
      yield [badQuote + ((error as CsvError).code ?? '')]
    }
  }
}

const badQuote = '\u0000quote:'

async function write(to: number, width: number, source: AsyncIterable<readonly string[]>): Promise<void> {
  ftruncateSync(to)
  const out = createWriteStream('', { fd: to, start: 0, autoClose: false })
  let header = true
  for await (const record of source) {
    const line = header ? [...record, 'llmcost_reject'] : checked(record, width)
    header = false
    if (!out.write(line.map((field) => quoteField(field)).join(',') + '\n')) await once(out, 'drain')
  }
  out.end()
  await once(out, 'finish')
}

/** The record brought to `width` fields, with the reason why it is refused as the last one. */
function checked(record: readonly string[], width: number): string[] {
  const extra = record.slice(width)
  const fields = Array.from({ length: width }, (_, i) => record[i] ?? '')
  if (record[0]?.startsWith(badQuote))
    return [...fields.map(() => ''), 'a quote is not closed or stands inside a field']
  if (record.length < width) return [...fields, `${record.length} fields where the header has ${width}`]
  if (extra.some((field) => field !== ''))
    return [...fields, `${record.length} fields where the header has ${width}`]
  return [...fields, '']
}
