/**
 * OTLP's requests as far as llmcost reads them: which fields their messages have, by number and by name. The numbers
 * are those of opentelemetry-proto 1.x, which never change. One table serves both encodings, so that a request is the
 * same in either.
 */

/** What a field holds: a scalar of protobuf, bytes that JSON writes in hexadecimal digits, or a message. */
export type Kind = 'string' | 'id' | 'fixed64' | 'int64' | 'double' | 'bool' | 'status' | Message

export interface Field {
  readonly number: number
  /** As JSON has it; protobuf's own name is the same with underscores. */
  readonly name: string
  readonly kind: Kind
  readonly isList: boolean
}

export interface Message {
  readonly name: string
  readonly byNumber: ReadonlyMap<number, Field>
  /** By both names. */
  readonly byName: ReadonlyMap<string, Field>
  /** At most one of the fields is there, of several the last, and it counts where it is 0 or empty, too. */
  readonly isChoice: boolean
  /** Its number is 0 where it is left out, and must be told: without a start a span would pass for an event. */
  readonly told?: string
}

/** A value of OTLP's JSON. */
export type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json }

type Given = readonly [number: number, kind: Kind, isList?: 'list']

function message(
  name: string,
  fields: Readonly<Record<string, Given>>,
  more: { readonly isChoice?: true; readonly told?: string } = {},
): Message {
  return { name, ...tables(fields), isChoice: more.isChoice === true, ...more }
}

function tables(given: Readonly<Record<string, Given>>): Pick<Message, 'byNumber' | 'byName'> {
  const byNumber = new Map<number, Field>()
  const byName = new Map<string, Field>()
  for (const [key, [number, kind, list]] of Object.entries(given)) {
    const field = { number, name: formerNames[key] ?? key, kind, isList: list === 'list' }
    byNumber.set(number, field)
    byName.set(key, field)
    byName.set(snake(key), field)
  }
  return { byNumber, byName }
}

/** Before 1.0 of the protocol, scopes went by another name. */
const formerNames: Readonly<Record<string, string>> = {
  instrumentationLibrarySpans: 'scopeSpans',
  instrumentationLibraryLogs: 'scopeLogs',
  instrumentationLibrary: 'scope',
  logs: 'logRecords',
}

const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

const anyFields: Record<string, Given> = {
  stringValue: [1, 'string'],
  boolValue: [2, 'bool'],
  intValue: [3, 'int64'],
  doubleValue: [4, 'double'],
}
const anyValue: Message = { name: 'AnyValue', byNumber: new Map(), byName: new Map(), isChoice: true }
const keyValue = message('KeyValue', { key: [1, 'string'], value: [2, anyValue] })
// A value may hold values: the message is made first and filled then.
Object.assign(
  anyValue,
  tables({
    ...anyFields,
    arrayValue: [5, message('ArrayValue', { values: [1, anyValue, 'list'] })],
    kvlistValue: [6, message('KeyValueList', { values: [1, keyValue, 'list'] })],
  }),
)

const resource = message('Resource', { attributes: [1, keyValue, 'list'] })
const scope = message('InstrumentationScope', { name: [1, 'string'], version: [2, 'string'] })

const span = message(
  'Span',
  {
    traceId: [1, 'id'],
    spanId: [2, 'id'],
    parentSpanId: [4, 'id'],
    name: [5, 'string'],
    startTimeUnixNano: [7, 'fixed64'],
    endTimeUnixNano: [8, 'fixed64'],
    attributes: [9, keyValue, 'list'],
    events: [11, message('Event', { timeUnixNano: [1, 'fixed64'], name: [2, 'string'], attributes: [3, keyValue, 'list'] }), 'list'],
    status: [15, message('Status', { message: [2, 'string'], code: [3, 'status'] })],
  },
  { told: 'startTimeUnixNano' },
) // prettier-ignore

const logRecord = message('LogRecord', {
  timeUnixNano: [1, 'fixed64'],
  body: [5, anyValue],
  attributes: [6, keyValue, 'list'],
  traceId: [9, 'id'],
  spanId: [10, 'id'],
  observedTimeUnixNano: [11, 'fixed64'],
  eventName: [12, 'string'],
})

const scopeSpans = message('ScopeSpans', { scope: [1, scope], instrumentationLibrary: [1, scope], spans: [2, span, 'list'] }) // prettier-ignore
const scopeLogs = message('ScopeLogs', { scope: [1, scope], instrumentationLibrary: [1, scope], logRecords: [2, logRecord, 'list'], logs: [2, logRecord, 'list'] }) // prettier-ignore

export const traceRequest = message('ExportTraceServiceRequest', {
  resourceSpans: [
    1,
    message('ResourceSpans', {
      resource: [1, resource],
      scopeSpans: [2, scopeSpans, 'list'],
      instrumentationLibrarySpans: [1000, scopeSpans, 'list'],
    }),
    'list',
  ],
})

export const logsRequest = message('ExportLogsServiceRequest', {
  resourceLogs: [
    1,
    message('ResourceLogs', {
      resource: [1, resource],
      scopeLogs: [2, scopeLogs, 'list'],
      instrumentationLibraryLogs: [1000, scopeLogs, 'list'],
    }),
    'list',
  ],
})

/** A metric as far as it takes to say how many points are not kept. */
const points = message('Points', { dataPoints: [1, message('DataPoint', {}), 'list'] })
const metric = message('Metric', { gauge: [5, points], sum: [7, points], histogram: [9, points], exponentialHistogram: [10, points], summary: [11, points] }) // prettier-ignore

export const metricsRequest = message('ExportMetricsServiceRequest', {
  resourceMetrics: [
    1,
    message('ResourceMetrics', {
      scopeMetrics: [2, message('ScopeMetrics', { metrics: [2, metric, 'list'] }), 'list'],
    }),
    'list',
  ],
})

/** Most objects and lists of a request: an empty one takes two or three bytes there, and a hundred times as many here. */
const mostParts = 1_000_000

/** A request that is more than is taken at a time. */
export class TooLarge extends Error {}

/** @throws TooLarge */
export function assertFew(parts: number): void {
  if (parts > mostParts) throw new TooLarge('More than a million parts')
}

/** Sets a field; what holds what a field holds that is left out is left out, but for one that was chosen. */
export function set(
  into: Record<string, Json>,
  { name, isList }: Field,
  value: Json,
  isChosen: boolean,
): void {
  if (isList) {
    const list = (into[name] ??= []) as Json[]
    list.push(value)
  } else if (isChosen || !(value === '' || value === 0 || value === '0' || value === false)) {
    into[name] = value
  }
}

/** A number as JSON has it: what is none is text. */
export const finite = (value: number): Json => (Number.isFinite(value) ? value : String(value))
