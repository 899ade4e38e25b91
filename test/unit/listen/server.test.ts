/** What the server takes, what it refuses and how, and what it does when the disk, the room or the time is short. */
import { request as ask, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { listen, type Listening, type Service } from '../../../src/listen/server.js'
import type { Spool } from '../../../src/listen/spool.js'

/** In the place of the disk. */
class Kept {
  readonly lines: string[] = []
  full = false
  hold: Promise<void> | undefined

  async append(text: Buffer): Promise<void> {
    await this.hold
    if (this.full) throw new Error('ENOSPC: no space left on device')
    this.lines.push(...text.toString().split('\n').slice(0, -1))
  }
}

let kept: Kept
let told: string[]
let server: Listening

const started = (more: Partial<Service> = {}): Promise<Listening> =>
  listen({
    host: '127.0.0.1',
    port: 0,
    spool: kept as unknown as Spool,
    isLocal: true,
    limits: { body: 10_000, together: 25_000 },
    mostRequests: 5,
    requestTimeoutMs: 500,
    onNotTaken: (words) => void told.push(words),
    ...more,
  })

beforeEach(async () => {
  kept = new Kept()
  told = []
  server = await started()
})

afterEach(() => server.end())

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

const json = { 'Content-Type': 'application/json' }
const protobuf = { 'Content-Type': 'application/x-protobuf' }

function send(path: string, body: Buffer | string, headers: OutgoingHttpHeaders = json, method = 'POST'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = ask(`${server.url}${path}`, { method, headers, agent: false }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts) }))
    })
    request.on('error', reject)
    request.end(body)
  })
} // prettier-ignore

const span = (id: number): string =>
  `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"${String(id).padStart(16, '0')}","startTimeUnixNano":"1790931600000000000","name":"chat","attributes":[{"key":"gen_ai.request.model","value":{"stringValue":"gpt-4o"}}]}]}]}]}`

const messageOf = ({ body, headers }: Answer): unknown => {
  if (headers['content-type'] === 'application/json') return JSON.parse(body.toString())
  const reader = new BinaryReader(body)
  const status: Record<string, unknown> = {}
  while (reader.pos < reader.len) {
    const [number] = reader.tag()
    if (number === 1) status['code'] = reader.int32()
    else status['message'] = reader.string()
  }
  return status
}

describe('is answered in the encoding of the request', () => {
  test('what is kept: nothing more to say', async () => {
    const answers = [
      await send('/v1/traces', span(1)),
      await send('/v1/traces', Buffer.alloc(0), protobuf),
      await send('/v1/logs', '{}', { 'Content-Type': 'application/json; charset=utf-8' }),
      await send('/v1/traces', gzipSync(span(2)), { ...json, 'Content-Encoding': 'gzip' }),
    ]
    expect(answers.map(({ status, headers, body }) => [status, headers['content-type'], body.toString()])).toEqual([
      [200, 'application/json', '{}'],
      [200, 'application/x-protobuf', ''],
      [200, 'application/json', '{}'],
      [200, 'application/json', '{}'],
    ]) // prettier-ignore
    expect(kept.lines).toHaveLength(2)
    expect(server.sums).toEqual({ requests: 4, spans: 2, logRecords: 0, points: 0, refused: 0 })
  })

  test('metrics: taken, not kept, and said so', async () => {
    const points = '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"sum":{"dataPoints":[{},{}]}},{"histogram":{"dataPoints":[{}]}}]}]}]}' // prettier-ignore
    const words = /^llmcost keeps no metrics/
    const answer = await send('/v1/metrics', points)
    expect(messageOf(answer)).toEqual({ partialSuccess: { rejectedDataPoints: '3', errorMessage: expect.stringMatching(words) as unknown } }) // prettier-ignore
    const field = (number: number, bytes: Uint8Array): Uint8Array => new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(bytes).finish() // prettier-ignore
    const inner = [1, 5, 2, 2, 1].reduce<Uint8Array>(
      (bytes, number) => field(number, bytes),
      new Uint8Array() as Uint8Array,
    )
    const { status, body } = await send('/v1/metrics', Buffer.from(inner), protobuf)
    const reader = new BinaryReader(body)
    expect([status, reader.tag()]).toEqual([200, [1, WireType.LengthDelimited]])
    const partial = new BinaryReader(reader.bytes())
    expect([partial.tag(), partial.int64()]).toEqual([[1, WireType.Varint], 1n])
    expect([partial.tag()[0], partial.string()]).toEqual([2, expect.stringMatching(words)])
    expect([kept.lines, told.length]).toEqual([[], 2])
  })

  test.each([
    ['no JSON', '/v1/traces', '{"MARKER', json, 400, 3],
    ['JSON of something else', '/v1/traces', '[]', json, 400, 3],
    ['no protobuf', '/v1/traces', 'hello', protobuf, 400, 3],
    ['no gzip', '/v1/traces', 'hello', { ...json, 'Content-Encoding': 'gzip' }, 400, 3],
    ['another packing', '/v1/traces', '{}', { ...json, 'Content-Encoding': 'br' }, 415, 3],
    ['another type', '/v1/traces', '{}', { 'Content-Type': 'text/plain' }, 415, 3],
    ['no type', '/v1/traces', '{}', {}, 415, 3],
    ['another path', '/v1/profiles', '{}', json, 404, 5],
    ['too much', '/v1/traces', ' '.repeat(10_001), json, 413, 11],
    ['too much of protobuf', '/v1/logs', 'x'.repeat(30_000), protobuf, 413, 11],
    ['too much, of unsaid length', '/v1/traces', ' '.repeat(18_000), { ...json, 'Transfer-Encoding': 'chunked' }, 413, 11],
    ['too much, unpacked', '/v1/traces', gzipSync(' '.repeat(4_000_000)), { ...json, 'Content-Encoding': 'gzip' }, 413, 11],
    ['a page in a browser', '/v1/traces', span(1), { ...json, Origin: 'http://localhost:4318' }, 403, 7],
    ['a page, as browsers say', '/v1/traces', span(1), { ...json, 'Sec-Fetch-Site': 'same-origin' }, 403, 7],
    ['a name that leads here', '/v1/traces', span(1), { ...json, Host: 'attacker.example:4318' }, 403, 7],
  ] as const)('%s', async (_, path, body, headers, status, code) => {
    const answer = await send(path, body, headers)
    expect([answer.status, messageOf(answer)]).toEqual([status, { code, message: expect.any(String) as unknown }])
    expect(answer.body.toString()).not.toContain('MARKER')
    expect(kept.lines).toEqual([])
    expect(server.sums.refused).toBe(1)
    // The next one finds it as it was.
    expect((await send('/v1/traces', span(1))).status).toBe(200)
  }) // prettier-ignore

  test('another method: which ones there are', async () => {
    for (const method of ['GET', 'PUT', 'OPTIONS']) {
      const { status, headers } = await send('/v1/traces', '', json, method)
      expect([status, headers['allow']]).toEqual([405, 'POST'])
    }
  })
})

test('names of this machine are its own', async () => {
  for (const Host of ['localhost:4318', '127.0.0.1', '[::1]:4318'])
    expect((await send('/v1/traces', span(1), { ...json, Host })).status).toBe(200)
})

test('a disk that is full: to be sent again, and it is taken when there is room', async () => {
  kept.full = true
  const answer = await send('/v1/traces', span(1))
  expect([answer.status, answer.headers['retry-after'], messageOf(answer)]).toEqual([503, '5', { code: 14, message: 'It could not be written. Send it again.' }]) // prettier-ignore
  expect(told).toEqual([expect.stringContaining('ENOSPC')])
  kept.full = false
  expect((await send('/v1/traces', span(1))).status).toBe(200)
  expect(kept.lines).toHaveLength(1)
})

test('no more requests, and no more bytes of them, are here at a time than it has room for', async () => {
  let free = (): void => undefined
  kept.hold = new Promise((resolve) => (free = resolve))
  const sent = Array.from({ length: 12 }, (_, i) => send('/v1/traces', span(i)))
  const refused = await Promise.race(sent)
  expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1'])
  await vi.waitUntil(() => server.sums.refused === 7)
  free()
  const statuses = (await Promise.all(sent)).map(({ status }) => status)
  expect(statuses.filter((status) => status === 200)).toHaveLength(5)
  expect(kept.lines).toHaveLength(5)
  kept.hold = new Promise((resolve) => (free = resolve))
  const long = span(1).replace('"chat"', `"${'x'.repeat(9_000)}"`)
  const large = Array.from({ length: 4 }, () => send('/v1/traces', long))
  expect((await Promise.race(large)).status).toBe(503)
  await vi.waitUntil(() => server.sums.refused === 9)
  free()
  expect((await Promise.all(large)).filter(({ status }) => status === 200)).toHaveLength(2)
  // All of the room is free again.
  for (let i = 0; i < 5; i++) expect((await send('/v1/traces', long)).status).toBe(200)
})

test('who takes too long is cut off, and who goes away leaves no trace', async () => {
  const { port } = new URL(server.url)
  const slow = connect(Number(port), '127.0.0.1')
  slow.write('POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{') // prettier-ignore
  let said = ''
  slow.on('data', (bytes) => (said += String(bytes)))
  await new Promise((closed) => slow.on('close', closed))
  expect(said).toMatch(/^HTTP\/1\.1 408 /)
  const gone = connect(Number(port), '127.0.0.1')
  gone.write('POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{') // prettier-ignore
  await new Promise((wrote) => setTimeout(wrote, 50))
  gone.destroy()
  expect((await send('/v1/traces', span(1))).status).toBe(200)
  expect(server.sums).toMatchObject({ requests: 1, refused: 0 })
})

test('at its end what is under way is answered, and nothing new is taken', async () => {
  let free = (): void => undefined
  kept.hold = new Promise((resolve) => (free = resolve))
  const under = send('/v1/traces', span(1))
  await new Promise((begun) => setTimeout(begun, 100))
  const ended = server.end()
  await expect(send('/v1/traces', span(2))).rejects.toThrow('ECONNREFUSED')
  free()
  const { status, headers } = await under
  expect([status, headers['connection']]).toEqual([200, 'close'])
  await ended
  server = await started()
})

test('a port that another has, and an address that nobody has', async () => {
  const { port } = new URL(server.url)
  await expect(started({ port: Number(port) })).rejects.toThrow('another program listens there')
  await expect(started({ host: '203.0.113.1' })).rejects.toThrow('no program can listen there')
})
