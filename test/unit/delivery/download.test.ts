/** Downloads from a real server that hangs, breaks off, lies about its length, redirects and sends garbage. */
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { download, downloadUrl, placeWords, standardDownload } from '../../../src/delivery/download.js'
import { closedPort, receiver } from './receiver.js'

const limits = { ...standardDownload, bytes: 100_000, totalMs: 30_000, idleMs: 10_000 }
const get = (url: string, more: Partial<typeof limits> = {}): Promise<string> =>
  download(new URL(url), { ...limits, ...more })

/** A server that answers by the byte. */
async function rawServer(answer: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('data', () => answer(socket))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/list.json`
}

const head = (...lines: readonly string[]): string => ['HTTP/1.1 200 OK', ...lines, '', ''].join('\r\n')

test('gets a text, packed or not, and tells the server nothing of anybody', async () => {
  const { url, received } = await receiver(
    { status: 200, body: '{"a": "ü"}' },
    { status: 200, headers: { 'content-encoding': 'gzip' }, body: '' },
  )
  expect(await get(`${url}/list?v=2`)).toBe('{"a": "ü"}')
  expect(received[0]?.path).toBe('/list?v=2')
  expect(received[0]?.headers).toMatchObject({ 'user-agent': 'llmcost', 'accept-encoding': 'identity' })
  expect(Object.keys(received[0]?.headers ?? {}).toSorted()).toEqual([
    'accept',
    'accept-encoding',
    'accept-language',
    'connection',
    'host',
    'sec-fetch-mode',
    'user-agent',
  ])
  const packed = await rawServer((socket) => {
    const body = gzipSync('{"b": 1}')
    socket.write(head('content-encoding: gzip', `content-length: ${body.length}`))
    socket.end(body)
  })
  expect(await get(packed)).toBe('{"b": 1}')
})

describe('what goes wrong is one clear error', () => {
  test('refused, unknown, no success', async () => {
    await expect(get(`http://127.0.0.1:${await closedPort()}/x?key=secret`)).rejects.toThrow(
      /^http:\/\/127\.0\.0\.1:\d+\/x refused the connection$/,
    )
    const { url } = await receiver(404, 204, 500)
    await expect(get(url)).rejects.toThrow('answered 404')
    await expect(get(url)).rejects.toThrow('answered 204')
    await expect(get(url)).rejects.toThrow('answered 500')
  })

  test('it hangs before the answer, within it, or drips for ever', async () => {
    await expect(get(await rawServer(() => undefined), { idleMs: 300 })).rejects.toThrow(
      'sent nothing for 0.3 s',
    )
    const half = await rawServer((socket) => socket.write(`${head('content-length: 100')}{"a":`))
    await expect(get(half, { idleMs: 300 })).rejects.toThrow('sent nothing for 0.3 s')
    const drip = await rawServer((socket) => {
      socket.write(head('transfer-encoding: chunked'))
      const timer = setInterval(() => socket.write('1\r\n \r\n'), 50)
      socket.on('close', () => clearInterval(timer))
    })
    await expect(get(drip, { totalMs: 600 })).rejects.toThrow('took more than 0.6 s')
  })

  test('it breaks off, whatever it said of its length', async () => {
    const short = await rawServer((socket) => socket.end(`${head('content-length: 100')}{"a": 1}`))
    await expect(get(short)).rejects.toThrow('broke off')
    const chunked = await rawServer((socket) =>
      socket.end(`${head('transfer-encoding: chunked')}8\r\n{"a": 1}\r\n`),
    )
    await expect(get(chunked)).rejects.toThrow('broke off')
    const reset = await rawServer((socket) => {
      socket.write(`${head('content-length: 100')}{`)
      socket.resetAndDestroy()
    })
    await expect(get(reset)).rejects.toThrow('broke off')
    // Of a length that is too small, only so much is heard: the list then is no JSON.
    const small = await rawServer((socket) => socket.end(`${head('content-length: 4')}{"a": 1}`))
    expect(await get(small)).toBe('{"a"')
    const garbage = await rawServer((socket) => socket.end('\u0000\u0001 no HTTP at all\r\n\r\n'))
    await expect(get(garbage)).rejects.toThrow('broke off')
  })

  test('it is too large: as said, as sent, as unpacked', async () => {
    const said = await rawServer((socket) => socket.write(head('content-length: 100001')))
    await expect(get(said)).rejects.toThrow('sends more than')
    const sent = await rawServer((socket) => {
      socket.write(head('transfer-encoding: chunked'))
      const chunk = `2710\r\n${' '.repeat(10_000)}\r\n`
      for (let i = 0; i < 12; i++) socket.write(chunk)
    })
    await expect(get(sent)).rejects.toThrow('sends more than')
    const bomb = await rawServer((socket) => {
      const body = gzipSync(Buffer.alloc(50_000_000))
      socket.write(head('content-encoding: gzip', `content-length: ${body.length}`))
      socket.end(body)
    })
    await expect(get(bomb)).rejects.toThrow('sends more than')
  })

  test('it is no text', async () => {
    const { url } = await receiver((response) => response.end(Buffer.from([0x7b, 0xff, 0xfe, 0x7d])))
    await expect(get(url)).rejects.toThrow('no text in UTF-8')
  })
})

describe('redirects', () => {
  const to = (location: string): { status: number; headers: Record<string, string> } => ({
    status: 302,
    headers: { location },
  })

  test('are followed on this machine, five at most', async () => {
    const five = await receiver(...Array.from({ length: 5 }, (_, i) => to(`/${i}`)), {
      status: 200,
      body: '{}',
    })
    expect(await get(five.url)).toBe('{}')
    expect(five.received.map(({ path }) => path)).toEqual(['/', '/0', '/1', '/2', '/3', '/4'])
    const loop = await receiver(to('/'))
    await expect(get(loop.url)).rejects.toThrow('redirects more than 5 times')
    expect(loop.received).toHaveLength(6)
  })

  test.each([
    ['http://example.org/list.json'],
    ['https://example.org/list.json'],
    ['file:///etc/passwd'],
    ['http://user:secret@127.0.0.1/'],
    ['http://[::ffff:10.0.0.1]/'],
    ['//example.org/x'],
  ])('not to %s', async (location) => {
    const { url } = await receiver(to(location))
    await expect(get(url)).rejects.toThrow(/redirects to .* not followed/)
  })
})

describe('addresses', () => {
  test('https anywhere, http on this machine', () => {
    expect(downloadUrl('https://example.org/a?b=c', 'x').href).toBe('https://example.org/a?b=c')
    expect(downloadUrl('http://localhost:80/a', 'x').hostname).toBe('localhost')
    expect(placeWords(new URL('https://example.org/a?key=secret#x'))).toBe('https://example.org/a')
  })

  test.each([
    ['http://example.org/a', 'must begin with https://'],
    ['ftp://example.org/a', 'must begin with https://'],
    ['file:///etc/passwd', 'must begin with https://'],
    ['https://user:secret@example.org/a', 'has a name or a password in it'],
    ['https://', 'is no address'],
  ])('%s is refused', (text, message) => {
    expect(() => downloadUrl(text, 'the address')).toThrow(`the address ${message}`)
  })
})
