/**
 * What is kept of a request: what the importer of OpenTelemetry reads of it, and nothing else. Prompts, answers,
 * arguments of tools, addresses and statements stay behind, whatever they are called: what is not known to be read is
 * left out. The calls are the same as of the whole request.
 */
import { callIdPrefixes } from '../importers/call-ids.js'
import { isOfModels, keptAs, longest } from '../importers/platforms/otel-kept.js'
import { addedTexts, answerTexts, askedTexts, levelName } from '../importers/platforms/otel-names.js'
import type { Json } from './otlp-messages.js'
import { countsAdded, parametersAsked } from './parameters.js'

type Fields = Readonly<Record<string, Json>>

/** Says that a span is about models where none of the attributes that said so is kept. */
const mark = { key: 'gen_ai.left_out', value: { boolValue: true } }

/** Whose record a span or log record is: of spans alone, the way from a call to those above it is read as well. */
export type Signal = 'spans' | 'logRecords'

/** A resource's attributes. */
export const ofResource = (resource: Json | undefined): Fields => {
  const attributes = kept(attributesOf(resource), false)
  return attributes.length > 0 ? { attributes } : {}
}

/** A span or log record; undefined for one that tells nothing of a model. */
export function withoutContent(item: Fields, signal: Signal): Fields | undefined {
  const attributes = attributesOf(item)
  const event = signal === 'logRecords' ? eventOf(item) : undefined
  const isNamed = attributes.some(({ key }) => isOfModels(key))
  if (event === undefined && !isNamed)
    return signal === 'spans'
      ? some(item, ['traceId', 'spanId', 'parentSpanId', 'startTimeUnixNano'])
      : undefined
  const own = kept(attributes, true)
  if (event === undefined && !own.some(({ key }) => isOfModels(key))) own.push(mark)
  const events = eventsOf(item)
  return {
    ...some(item, ['traceId', 'spanId', 'parentSpanId', 'startTimeUnixNano', 'endTimeUnixNano', 'timeUnixNano', 'observedTimeUnixNano']),
    ...(typeof item['name'] === 'string' ? { name: cut(item['name']) } : {}),
    ...event,
    ...(own.length > 0 ? { attributes: own } : {}),
    ...(events.length > 0 ? { events } : {}),
    ...statusOf(item, own, events),
  } // prettier-ignore
}

/** The name of a scope tells whose the records are. */
export const ofScope = (scope: Json | undefined): Fields => some((scope ?? {}) as Fields, ['name', 'version'])

const some = (fields: Fields, names: readonly string[]): Fields =>
  Object.fromEntries(names.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]]])))

/** As many signs as are read of any text, which the engine counts whole. */
const cut = (text: string): string => /^.{0,200}/su.exec(text)?.[0] ?? ''

// eslint-disable-next-line typescript/consistent-type-definitions -- An interface is no JSON to the compiler.
type Attribute = { readonly key: string; readonly value: Fields }

function attributesOf(item: Json | undefined): Attribute[] {
  const list = ((item ?? {}) as Fields)['attributes']
  return ((list ?? []) as Fields[]).map(({ key, value = {} }) => ({
    key: typeof key === 'string' ? key : '',
    value: value as Fields,
  }))
}

const textOf = ({ value }: Attribute): string | undefined =>
  typeof value['stringValue'] === 'string' ? value['stringValue'] : undefined

const asked = new Set(askedTexts)
const added = new Set(addedTexts)
const answers = new Set(answerTexts)

function kept(attributes: readonly Attribute[], ofSpans: boolean): Attribute[] {
  const answer = attributes.find(({ key }) => answers.has(key))
  return attributes.flatMap((one) => {
    const text = textOf(one)
    if (ofSpans && asked.has(one.key) && text !== undefined)
      return [{ key: one.key, value: { stringValue: parametersAsked(text) } }]
    if (ofSpans && added.has(one.key) && text !== undefined)
      return [{ key: one.key, value: { stringValue: countsAdded(text) } }]
    if (ofSpans && one === answer) return answerOf(one)
    const as = keptAs(one.key, text ?? '', ofSpans)
    return as === undefined ? [] : [{ key: one.key, value: valueOf(one, as === 'known', as === 'money') }]
  })
}

/** Its value as far as it may be read: of lists and objects no text, unless the name is known. */
function valueOf({ value }: Attribute, isKnown: boolean, isMoney: boolean): Fields {
  const [[kind, held] = []] = Object.entries(value)
  if (kind === undefined || kind === 'bytesValue') return {}
  if (kind === 'arrayValue' || kind === 'kvlistValue') {
    const bytes = Buffer.byteLength(JSON.stringify(held))
    if (isKnown && bytes <= longest.json) return value
    return isMoney && bytes <= longest.json ? (numbersOf(value) as Fields) : {}
  }
  // No tag begins like an object or a list.
  const isLabel = !isKnown && !isMoney
  if (isLabel && typeof held === 'string' && /^[{[]/.test(held)) return {}
  return value
}

/** The same without its texts. */
function numbersOf(value: Json): Json {
  if (Array.isArray(value)) return value.map(numbersOf)
  if (typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, held]) =>
      name === 'stringValue' ? [] : [[name, numbersOf(held)]],
    ),
  )
}

const answerId = new RegExp(`^\\s*\\{\\s*"id"\\s*:\\s*"((?:${callIdPrefixes.join('|')})[A-Za-z0-9_-]+)"`)

/** Of an answer as JSON, the id that it begins with: another instrumentation may tell the same call beside. */
function answerOf(one: Attribute): Attribute[] {
  const id = answerId.exec(cut(textOf(one) ?? ''))?.[1]
  return id === undefined ? [] : [{ key: one.key, value: { stringValue: `{"id":"${id}"}` } }]
}

/** Names of events by which calls are known, or agents whose events they are. */
const telling = /^(?:claude_code|gemini_cli|qwen-code|codex|gen_ai)\.|api_(?:request|response)$/
const other = 'other'

/**
 * A log record's event, by its name or by the one word that its body is; undefined where it tells none. That it has
 * another is read, which other is not: it may be a word of an answer.
 */
function eventOf(item: Fields): Fields | undefined {
  const name = item['eventName']
  if (typeof name === 'string') return { eventName: telling.test(name) ? cut(name) : other }
  const body = ((item['body'] ?? {}) as Fields)['stringValue']
  if (typeof body !== 'string') return undefined
  const isWord = /^[A-Za-z_.-]{1,80}$/.test(body)
  return { body: { stringValue: isWord ? (telling.test(body) ? body : other) : '' } }
}

const isFirstPart = (name: string): boolean => /^first token|first_token|first.chunk/iu.test(name)

/** What happened in a span, as far as it is read: the kind of an error, the time of the first part of the answer. */
function eventsOf(item: Fields): Fields[] {
  return ((item['events'] ?? []) as Fields[]).flatMap((event) => {
    const name = typeof event['name'] === 'string' ? event['name'] : ''
    if (name === 'exception') {
      const type = attributesOf(event).find(({ key }) => key === 'exception.type')
      const text = type && textOf(type)
      return text === undefined ? [] : [{ name, attributes: [{ key: 'exception.type', value: { stringValue: cut(text) } }] }] // prettier-ignore
    }
    return isFirstPart(name) ? [{ name: 'first_token', ...some(event, ['timeUnixNano']) }] : []
  })
}

/** What `langfuse.observation.level` says of one that failed, and the code of OTLP. */
const failures: readonly unknown[] = ['Error', 'ERROR', 2]

/** How a span ended; in its own words only where nothing else says why. */
function statusOf(item: Fields, attributes: readonly Attribute[], events: readonly Fields[]): Fields {
  const { code, message } = (item['status'] ?? {}) as Fields
  const level = attributes.find(({ key }) => key === levelName)
  const failed = failures.includes(code) || failures.includes(level && textOf(level))
  const isSaid = attributes.some((one) => one.key === 'error.type' && !['', '-'].includes(textOf(one) ?? '')) || events.some(({ name }) => name === 'exception') // prettier-ignore
  const status = {
    ...(code === undefined ? {} : { code }),
    ...(failed && !isSaid && typeof message === 'string' ? { message: cut(message) } : {}),
  }
  return Object.keys(status).length > 0 ? { status } : {}
}
