/**
 * Splits a JSON document (an array of records, or records written over several lines) into one record a
 * line, without building it in memory. Newlines between tokens become spaces; bytes are not changed
 * otherwise. What is not JSON comes out as it is, and is rejected later with its line.
 */
const quote = 0x22
const backslash = 0x5c
const isOpen = (byte: number): boolean => byte === 0x7b || byte === 0x5b
const isClose = (byte: number): boolean => byte === 0x7d || byte === 0x5d
const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

/** Bytes of a record beyond this are dropped; the record is then rejected as too long. */
const recordLimit = 80_000_001

/**
 * @param source bytes of the document
 * @param inArray true when the records stand in an array: its brackets and commas are left out
 * @returns bytes with one record a line
 */
export async function* jsonRecords(source: AsyncIterable<Buffer>, inArray: boolean): AsyncGenerator<Buffer> {
  const top = inArray ? 1 : 0
  let depth = 0
  let inString = false
  let escaped = false
  let kept = 0
  for await (const chunk of source) {
    const out = Buffer.allocUnsafe(chunk.length * 2)
    let length = 0
    for (const byte of chunk) {
      if (inString) {
        if (escaped) escaped = false
        else if (byte === backslash) escaped = true
        else if (byte === quote) inString = false
      } else if (byte === quote) inString = true
      else if (isOpen(byte)) {
        depth += 1
        if (depth === top && inArray) continue
      } else if (isClose(byte)) {
        depth = Math.max(0, depth - 1)
        if (inArray && depth < top) continue
      }
      const between = !inString && depth <= top
      if (between && (byte === 0x2c || isSpace(byte) || byte === 0xef || byte === 0xbb || byte === 0xbf)) {
        if (kept > 0) {
          out[length++] = 0x0a
          kept = 0
        }
        continue
      }
      if (kept > recordLimit) continue
      out[length++] = byte === 0x0a || byte === 0x0d ? 0x20 : byte
      kept += 1
      if (between && isClose(byte) && depth === top) {
        out[length++] = 0x0a
        kept = 0
      }
    }
    yield out.subarray(0, length)
  }
}
