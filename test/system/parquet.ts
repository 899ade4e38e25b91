/** Reads Parquet with a reader that shares no code with the engine that wrote it, and loses no digit. */
import { decompress } from 'fzstd'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'

export type ParquetRow = Readonly<Record<string, unknown>>

/**
 * Rows with decimals and times as their exact texts: the reader itself would make doubles and milliseconds of
 * them, so it is not told that a column is a decimal.
 */
export async function parquetRows(path: string): Promise<ParquetRow[]> {
  const file = await asyncBufferFromFile(path)
  const metadata = await parquetMetadataAsync(file)
  const scales = new Map<string, number>()
  for (const element of metadata.schema) {
    if (element.converted_type !== 'DECIMAL') continue
    scales.set(element.name, element.scale ?? 0)
    delete element.converted_type
    delete element.logical_type
  }
  const rows = (await parquetReadObjects({
    file,
    metadata,
    compressors: { ZSTD: (input, length) => decompress(input, new Uint8Array(length)) },
    parsers: { timestampFromMicroseconds: timeText },
  })) as ParquetRow[]
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => {
        const scale = scales.get(name)
        return [name, scale === undefined || value == null ? value : decimalText(wholeOf(value), scale)]
      }),
    ),
  )
}

/** The number under a decimal: of at most 18 digits an integer, else two's complement, the first byte highest. */
function wholeOf(value: unknown): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') return BigInt(value)
  if (!(value instanceof Uint8Array)) throw new Error(`no decimal: ${String(value)}`)
  const bits = value.reduce((whole, byte) => (whole << 8n) | BigInt(byte), 0n)
  return BigInt.asIntN(value.length * 8, bits)
}

function decimalText(whole: bigint, scale: number): string {
  const digits = String(whole < 0n ? -whole : whole).padStart(scale + 1, '0')
  const cut = digits.length - scale
  return `${whole < 0n ? '-' : ''}${digits.slice(0, cut)}.${digits.slice(cut)}`
}

function timeText(micros: bigint): string {
  const seconds = new Date(Number(micros / 1_000_000n) * 1000).toISOString().slice(0, 19)
  return `${seconds}.${String(micros % 1_000_000n).padStart(6, '0')}Z`
}
