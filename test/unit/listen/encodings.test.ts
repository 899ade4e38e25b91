/** Requests in protobuf and in JSON, as the SDK's own serializers write them, are one and the same here. */
import { SpanKind, SpanStatusCode, type Attributes, type HrTime } from '@opentelemetry/api'
import { JsonLogsSerializer, JsonTraceSerializer, ProtobufLogsSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer' // prettier-ignore
import { resourceFromAttributes } from '@opentelemetry/resources'
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromJson } from '../../../src/listen/from-json.js'
import { fromProtobuf } from '../../../src/listen/from-protobuf.js'
import { logsRequest, metricsRequest, TooLarge, traceRequest } from '../../../src/listen/otlp-messages.js'

const hex = (digits: number): fc.Arbitrary<string> =>
  fc.bigInt(1n, 16n ** BigInt(digits) - 1n).map((n) => n.toString(16).padStart(digits, '0'))

const text = fc.string({ unit: 'binary', maxLength: 20 })
const hrTime: fc.Arbitrary<HrTime> = fc.tuple(
  fc.integer({ min: 0, max: 4_000_000_000 }),
  fc.integer({ min: 0, max: 999_999_999 }),
)
const plain = fc.oneof(
  text,
  fc.boolean(),
  fc.integer(),
  fc.maxSafeInteger(),
  // In JSON the SDK itself gives fewer digits of large whole numbers, and no infinity.
  fc
    .double({ noDefaultInfinity: true, noNaN: true })
    .filter((n) => !Number.isInteger(n) || Number.isSafeInteger(n)),
)
const attributes = fc.dictionary(
  text,
  fc.oneof(plain, fc.array(text, { maxLength: 3 })),
) as fc.Arbitrary<Attributes>
const context = fc.record({ traceId: hex(32), spanId: hex(16), traceFlags: fc.constantFrom(0, 1) })
const resource = attributes.map((held) => resourceFromAttributes(held))
const scope = fc.record({ name: text, version: fc.option(text, { nil: undefined as unknown as string }) })

const span = fc
  .record({
    name: text,
    kind: fc.constantFrom(SpanKind.CLIENT, SpanKind.INTERNAL),
    context,
    parentSpanContext: fc.option(context, { nil: undefined as never }),
    startTime: hrTime,
    endTime: hrTime,
    status: fc.record({
      code: fc.constantFrom(SpanStatusCode.UNSET, SpanStatusCode.OK, SpanStatusCode.ERROR),
      message: text,
    }),
    attributes,
    events: fc.array(fc.record({ time: hrTime, name: text, attributes }), { maxLength: 2 }),
    resource,
    instrumentationScope: scope,
  })
  .map(({ context: own, ...rest }) => ({
    ...rest,
    spanContext: () => own,
    links: [],
    duration: [0, 0],
    ended: true,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  })) as fc.Arbitrary<ReadableSpan>

const logged = fc.record({
  hrTime,
  hrTimeObserved: hrTime,
  spanContext: fc.option(context, { nil: undefined as never }),
  body: fc.oneof(plain, fc.dictionary(text, fc.oneof(plain, fc.array(plain, { maxLength: 2 })))),
  eventName: text,
  resource,
  instrumentationScope: scope,
  attributes,
  droppedAttributesCount: fc.constant(0),
}) as unknown as fc.Arbitrary<ReadableLogRecord>

const asText = (bytes: Uint8Array | undefined): string => Buffer.from(bytes!).toString()

test('spans of the SDK', () => {
  fc.assert(
    fc.property(fc.array(span, { minLength: 1, maxLength: 4 }), (spans) => {
      const protobuf = fromProtobuf(ProtobufTraceSerializer.serializeRequest(spans)!, traceRequest)
      expect(fromJson(asText(JsonTraceSerializer.serializeRequest(spans)), traceRequest)).toEqual(protobuf)
      const told = JSON.stringify(protobuf)
      for (const one of spans) expect(told).toContain(one.spanContext().traceId)
    }),
    { numRuns: 200 },
  )
})

test('log records of the SDK', () => {
  fc.assert(
    fc.property(fc.array(logged, { minLength: 1, maxLength: 4 }), (records) => {
      const protobuf = fromProtobuf(ProtobufLogsSerializer.serializeRequest(records)!, logsRequest)
      expect(fromJson(asText(JsonLogsSerializer.serializeRequest(records)), logsRequest)).toEqual(protobuf)
    }),
    { numRuns: 200 },
  )
})

const oneSpan = (fields: string): string => `{"resourceSpans":[{"scopeSpans":[{"spans":[{${fields}}]}]}]}`
const readSpan = (fields: string): unknown => {
  const { resourceSpans } = fromJson(oneSpan(fields), traceRequest) as unknown as {
    resourceSpans: { scopeSpans: { spans: unknown[] }[] }[]
  }
  return resourceSpans[0]!.scopeSpans[0]!.spans[0]
}
const value = (json: string): unknown =>
  (readSpan(`"attributes":[{"key":"k","value":${json}}]`) as { attributes: { value: unknown }[] }).attributes[0]!.value // prettier-ignore

describe('JSON', () => {
  test('whole numbers of 64 bits are kept to the last digit, however they are written', () => {
    expect(value('{"intValue":9223372036854775807}')).toEqual({ intValue: '9223372036854775807' })
    expect(value('{"intValue":"-9223372036854775808"}')).toEqual({ intValue: '-9223372036854775808' })
    expect(value('{"intValue":5.0}')).toEqual({ intValue: '5' })
    expect(value('{"intValue":"0"}')).toEqual({ intValue: '0' })
    expect(readSpan('"startTimeUnixNano":1790931600000000001')).toEqual({ startTimeUnixNano: '1790931600000000001' }) // prettier-ignore
  })

  test.each([
    ['{"intValue":9223372036854775808}', 'intValue is out of the range of 64 bits'],
    ['{"intValue":1.5}', 'intValue is not a whole number'],
    ['{"intValue":"x"}', 'intValue is not a whole number'],
    ['{"doubleValue":"x"}', 'doubleValue is not a number'],
    ['{"stringValue":5}', 'stringValue is not a string'],
    ['{"boolValue":"true"}', 'boolValue is not a boolean'],
    ['{"arrayValue":[]}', 'ArrayValue is not an object'],
    ['{"arrayValue":{"values":{}}}', 'values is not a list'],
    ['{"arrayValue":{"values":['.repeat(60) + ']}}'.repeat(60), 'values within values, more than 100 deep'],
  ])('%# %.40s is refused', (json, why) => expect(() => value(json)).toThrow(why))

  test('names of protobuf, of before 1.0, ids in capitals and in base64, numbers as words', () => {
    const old = '{"resource_spans":[{"instrumentation_library_spans":[{"instrumentation_library":{"name":"kit"},"spans":[{"trace_id":"AAAA00000000000000000000000000FF","span_id":"ASNFZ4mrze8=","status":{"code":"STATUS_CODE_ERROR"},"unknown":1,"attributes":null}]}]}]}' // prettier-ignore
    expect(fromJson(old, traceRequest)).toEqual({
      resourceSpans: [
        {
          scopeSpans: [
            {
              scope: { name: 'kit' },
              spans: [
                {
                  traceId: 'aaaa00000000000000000000000000ff',
                  spanId: '0123456789abcdef',
                  status: { code: 2 },
                  startTimeUnixNano: '0',
                },
              ],
            },
          ],
        },
      ],
    })
    expect(value('{"doubleValue":"NaN"}')).toEqual({ doubleValue: 'NaN' })
    expect(value(String.raw`{"stringValue":"\ud800!"}`)).toEqual({ stringValue: '\uFFFD!' })
  })
})

describe('protobuf', () => {
  const nested = (depth: number): Uint8Array => {
    let inner = new BinaryWriter().tag(1, WireType.LengthDelimited).string('deep').finish()
    for (let i = 0; i < depth; i++) {
      const list = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(inner).finish()
      inner = new BinaryWriter().tag(5, WireType.LengthDelimited).bytes(list).finish()
    }
    const body = new BinaryWriter().tag(5, WireType.LengthDelimited).bytes(inner).finish()
    const logs = new BinaryWriter().tag(2, WireType.LengthDelimited).bytes(body).finish()
    const scopes = new BinaryWriter().tag(2, WireType.LengthDelimited).bytes(logs).finish()
    return new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(scopes).finish()
  }

  test('nothing is an empty request; what is cut, torn or too deep is none', () => {
    expect(fromProtobuf(new Uint8Array(), traceRequest)).toEqual({})
    expect(JSON.stringify(fromProtobuf(nested(20), logsRequest))).toContain('deep')
    expect(() => fromProtobuf(nested(80), logsRequest)).toThrow('values within values')
    const whole = nested(1)
    // A cut between two fields would be a shorter message: this has one field in all.
    for (let end = 1; end < whole.length; end++)
      expect(() => fromProtobuf(whole.subarray(0, end), logsRequest), String(end)).toThrow()
  })

  test('any bytes are read or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        for (const message of [traceRequest, logsRequest, metricsRequest]) {
          try {
            JSON.stringify(fromProtobuf(bytes, message))
          } catch (error) {
            expect(error).toBeInstanceOf(Error)
          }
        }
      }),
      { numRuns: 300 },
    )
  })

  test('millions of empty messages are too many, in JSON as well', () => {
    expect(() => fromJson(`{"resourceSpans":[${'{},'.repeat(1_000_000)}{}]}`, traceRequest)).toThrow(TooLarge)
    const empty = Buffer.alloc(2_100_000)
    for (let i = 0; i < empty.length; i += 2) empty[i] = 0x0a
    expect(() => fromProtobuf(empty, traceRequest)).toThrow(TooLarge)
  })

  test('a part that stands in two places is one, and of a choice the last counts', () => {
    const status = (no: number, wire: WireType): BinaryWriter => new BinaryWriter().tag(no, wire)
    const first = status(2, WireType.LengthDelimited).string('why').finish()
    const second = status(3, WireType.Varint).int32(2).finish()
    const span = new BinaryWriter().tag(15, WireType.LengthDelimited).bytes(first).tag(15, WireType.LengthDelimited).bytes(second) // prettier-ignore
    const key = new BinaryWriter().tag(2, WireType.LengthDelimited)
    const chosen = new BinaryWriter().tag(1, WireType.LengthDelimited).string('x').tag(3, WireType.Varint).int64(-1n).finish() // prettier-ignore
    span.tag(9, WireType.LengthDelimited).bytes(key.bytes(chosen).finish())
    const scopes = new BinaryWriter().tag(2, WireType.LengthDelimited).bytes(span.finish()).finish()
    const process = new BinaryWriter().tag(2, WireType.LengthDelimited).bytes(scopes).finish()
    const request = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(process).finish()
    expect(fromProtobuf(request, traceRequest)).toEqual({
      resourceSpans: [
        {
          scopeSpans: [
            {
              spans: [
                {
                  status: { message: 'why', code: 2 },
                  attributes: [{ value: { intValue: '-1' } }],
                  startTimeUnixNano: '0',
                },
              ],
            },
          ],
        },
      ],
    })
  })
})
