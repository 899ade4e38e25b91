/** Answers in the encoding of the request, as OTLP has them: what was not kept, and why a request was refused. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { Refusal } from './refusal.js'

export const encodings = { json: 'application/json', protobuf: 'application/x-protobuf' } as const

export type Encoding = keyof typeof encodings

/** Spans, log records or points that were taken and are not kept, with the reason. */
export interface NotKept {
  readonly count: number
  /** The field of their count. */
  readonly field: 'rejectedSpans' | 'rejectedLogRecords' | 'rejectedDataPoints'
  readonly why: string
}

/** An `Export…ServiceResponse`; of one that was wholly kept it has nothing to say. */
export function successOf(encoding: Encoding, notKept?: NotKept): Buffer {
  if (encoding === 'json') {
    const partial = notKept && { [notKept.field]: String(notKept.count), errorMessage: notKept.why }
    return Buffer.from(JSON.stringify(partial === undefined ? {} : { partialSuccess: partial }))
  }
  if (notKept === undefined) return Buffer.alloc(0)
  const partial = new BinaryWriter()
  if (notKept.count > 0) partial.tag(1, WireType.Varint).int64(notKept.count)
  partial.tag(2, WireType.LengthDelimited).string(notKept.why)
  return Buffer.from(new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(partial.finish()).finish())
}

/** A `google.rpc.Status`. */
export function failureOf(encoding: Encoding, { code, message }: Refusal): Buffer {
  if (encoding === 'json') return Buffer.from(JSON.stringify({ code, message }))
  const status = new BinaryWriter().tag(1, WireType.Varint).int32(code)
  return Buffer.from(status.tag(2, WireType.LengthDelimited).string(message).finish())
}
