/** Requests in protobuf, as OTLP's JSON has them: ids in hexadecimal digits, whole numbers of 64 bits as text. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { assertFew, finite, set, type Json, type Kind, type Message } from './otlp-messages.js'

/** As protobuf's own libraries bound it: a value within a value within a value. */
const deepest = 100

type Scalar = Exclude<Kind, Message>

const wires: Readonly<Record<Scalar, WireType>> = {
  string: WireType.LengthDelimited,
  id: WireType.LengthDelimited,
  fixed64: WireType.Bit64,
  double: WireType.Bit64,
  int64: WireType.Varint,
  bool: WireType.Varint,
  status: WireType.Varint,
}

/** @throws Error for what is no such message; TooLarge */
export function fromProtobuf(bytes: Uint8Array, message: Message): Record<string, Json> {
  return readMessage(new CountingReader(bytes), bytes.length, message, {}, 0)
}

class CountingReader extends BinaryReader {
  #messages = 0

  count(): void {
    assertFew(++this.#messages)
  }
}

/** @param into what was read of the message before: its fields may stand in several places */
function readMessage(
  reader: CountingReader,
  end: number,
  message: Message,
  into: Record<string, Json>,
  depth: number,
): Record<string, Json> {
  reader.count()
  if (depth > deepest) throw new Error(`values within values, more than ${deepest} deep`)
  while (reader.pos < end) {
    const [number, wire] = reader.tag()
    const field = message.byNumber.get(number)
    if (field === undefined || wire !== wireOf(field.kind)) {
      reader.skip(wire, number)
      continue
    }
    const before = into[field.name]
    const value =
      typeof field.kind === 'string'
        ? scalar(reader, field.kind)
        : inner(reader, field.kind, field.isList ? undefined : before, depth)
    if (message.isChoice) for (const other of Object.keys(into)) if (other !== field.name) delete into[other]
    set(into, field, value, message.isChoice)
  }
  if (reader.pos !== end) throw new Error('a message that is longer than the one around it')
  if (message.told !== undefined) into[message.told] ??= '0'
  return into
}

function inner(reader: CountingReader, message: Message, before: Json | undefined, depth: number): Json {
  const length = reader.uint32()
  const end = reader.pos + length
  if (end > reader.len) throw new Error('a message that ends too early')
  const into = typeof before === 'object' ? { ...(before as Record<string, Json>) } : {}
  return readMessage(reader, end, message, into, depth + 1)
}

const wireOf = (kind: Kind): WireType => (typeof kind === 'string' ? wires[kind] : WireType.LengthDelimited)

function scalar(reader: BinaryReader, kind: Scalar): Json {
  switch (kind) {
    case 'string':
      return reader.string()
    case 'id':
      return Buffer.from(reader.bytes()).toString('hex')
    case 'fixed64':
      return String(reader.fixed64())
    case 'int64':
      return String(reader.int64())
    case 'double':
      return finite(reader.double())
    case 'bool':
      return reader.bool()
    case 'status':
      return reader.int32()
  }
}
