/** Requests in JSON, in one spelling: whole numbers of 64 bits as text, ids in small hexadecimal digits, one name a field. */
import { isSafeNumber, LosslessNumber, parse } from 'lossless-json'
import { assertFew, finite, set, type Json, type Kind, type Message } from './otlp-messages.js'

const deepest = 100

type Scalar = Exclude<Kind, Message>

/** @throws Error for what is no such request; TooLarge */
export function fromJson(text: string, message: Message): Record<string, Json> {
  assertFew(partsIn(text))
  return readObject(parsed(text), message, 0)
}

/** Brackets that open; those in texts are counted, too, which makes no difference to who sends spans. */
function partsIn(text: string): number {
  let parts = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit === 0x7b || unit === 0x5b) parts++
  }
  return parts
}

/** A number of so many digits may be one that JavaScript would round; in a text it does no harm. */
const longNumber = /[[:,\s]-?\d[\d.]{15}/

/** Without rounding; of a key that is there twice, the last counts. */
function parsed(text: string): unknown {
  if (!longNumber.test(text)) return JSON.parse(text)
  return parse(text, undefined, {
    parseNumber: (digits) => (isSafeNumber(digits) ? Number(digits) : new LosslessNumber(digits)),
    onDuplicateKey: ({ newValue }) => newValue,
  })
}

function readObject(value: unknown, message: Message, depth: number): Record<string, Json> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof LosslessNumber)
    throw new Error(`${message.name} is not an object`)
  if (depth > deepest) throw new Error(`values within values, more than ${deepest} deep`)
  const into: Record<string, Json> = {}
  for (const [key, given] of Object.entries(value)) {
    const field = message.byName.get(key)
    if (field === undefined || given === null) continue
    const read = (one: unknown): Json =>
      typeof field.kind === 'string' ? scalar(one, field.kind, key) : readObject(one, field.kind, depth + 1)
    if (field.isList) {
      if (!Array.isArray(given)) throw new Error(`${key} is not a list`)
      for (const one of given) set(into, field, read(one), false)
    } else {
      if (message.isChoice) for (const other of Object.keys(into)) delete into[other]
      set(into, field, read(given), message.isChoice)
    }
  }
  if (message.told !== undefined) into[message.told] ??= '0'
  return into
}

const statuses: Readonly<Record<string, number>> = { STATUS_CODE_UNSET: 0, STATUS_CODE_OK: 1, STATUS_CODE_ERROR: 2 } // prettier-ignore

function scalar(value: unknown, kind: Scalar, key: string): Json {
  const is = (type: 'string' | 'boolean'): never => {
    throw new Error(`${key} is not a ${type}`)
  }
  switch (kind) {
    case 'string':
      return typeof value === 'string' ? wellFormed(value) : is('string')
    case 'id':
      return typeof value === 'string' ? idOf(value) : is('string')
    case 'bool':
      return typeof value === 'boolean' ? value : is('boolean')
    case 'double':
      return double(value, key)
    case 'fixed64':
      return whole(value, key, 0n, 2n ** 64n - 1n)
    case 'int64':
      return whole(value, key, -(2n ** 63n), 2n ** 63n - 1n)
    case 'status':
      return statuses[String(value)] ?? Number(whole(value, key, 0n, 2n ** 31n - 1n))
  }
}

/** Half a sign that takes two units is in no UTF-8, and the engine reads no text with it. */
const wellFormed = (text: string): string => text.replaceAll(/\p{Surrogate}/gu, '\u{FFFD}')

/** Some writers give ids in base64, as protobuf's JSON has bytes elsewhere. */
function idOf(text: string): string {
  const isBase64 = /^(?:[A-Za-z0-9+/]{22}==|[A-Za-z0-9+/]{11}=)$/.test(text)
  return isBase64 ? Buffer.from(text, 'base64').toString('hex') : wellFormed(text).toLowerCase()
}

function double(value: unknown, key: string): Json {
  const text = String(value)
  const number = Number(text)
  const isNumber = typeof value === 'number' || value instanceof LosslessNumber || typeof value === 'string'
  if (!isNumber || text.trim() === '' || (Number.isNaN(number) && text !== 'NaN'))
    throw new Error(`${key} is not a number`)
  return finite(number)
}

/** A whole number as its digits; `5`, `"5"`, `5.0` and `5e0` are one. */
function whole(value: unknown, key: string, least: bigint, greatest: bigint): string {
  const text = typeof value === 'number' || value instanceof LosslessNumber || typeof value === 'string' ? String(value) : '' // prettier-ignore
  const digits = /^-?\d{1,20}$/.test(text) ? text : String(/^-?[\d.]+(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : '') // prettier-ignore
  if (!/^-?\d{1,20}$/.test(digits)) throw new Error(`${key} is not a whole number`)
  const number = BigInt(digits)
  if (number < least || number > greatest) throw new Error(`${key} is out of the range of 64 bits`)
  return String(number)
}
