/** Posting to servers that hang, refuse, ask to wait, break off or point elsewhere. */
import { describe, expect, test } from 'vitest'
import { post } from '../../../src/delivery/http.js'
import { pauseBefore, retryAfterMs, type Limits } from '../../../src/delivery/limits.js'
import { Secrets } from '../../../src/delivery/secrets.js'
import { closedPort, receiver } from './receiver.js'

/** Patient with servers that do answer: on a busy machine even the first request on loopback takes its time. */
const limits = (): Limits => ({ attempts: 3, attemptMs: 20_000, deadline: Date.now() + 50_000, pauseMs: 5 })
/** For servers that hang; long enough for a request to arrive there. */
const hasty = (): Limits => ({ ...limits(), attemptMs: 2000 })
const secretPath = '/services/T0AB/B0CD/zYxWvUtSrQpOnMlKjIhG'

function send(url: string, more: { repeatable?: boolean; limits?: Limits } = {}): ReturnType<typeof post> {
  const secrets = new Secrets({ HOOK: `${url}${secretPath}?token=abcdef123456` })
  return post({
    url: secrets.url('HOOK', () => undefined),
    body: '{"a":"ä"}',
    repeatable: false,
    limits: limits(),
    secrets,
    ...more,
  })
}

test('a 2xx is a success, whatever becomes of the body', async () => {
  const { url, received } = await receiver(204)
  expect(await send(url)).toEqual({ ok: true })
  expect(received).toHaveLength(1)
  expect(received[0]?.body).toBe('{"a":"ä"}')
  expect(received[0]?.headers['content-type']).toBe('application/json; charset=utf-8')
  const broken = await receiver((response) => {
    response.writeHead(200, { 'content-length': '100' }).write('half')
    setTimeout(() => response.destroy(), 20)
  })
  expect(await send(broken.url)).toEqual({ ok: true })
  expect(broken.received).toHaveLength(1)
})

test('500 is tried again, and in the end said', async () => {
  const { url, received } = await receiver(500, 502, 200)
  expect(await send(url)).toEqual({ ok: true })
  expect(received).toHaveLength(3)
  const down = await receiver({ status: 500, body: 'oh dear' })
  expect(await send(down.url)).toEqual({
    ok: false,
    error: 'answered 500: oh dear (tried 3 times)',
    doubtful: false,
    refused: false,
  })
  expect(down.received).toHaveLength(3)
})

test.each([400, 401, 403, 404, 410, 413, 422])('%d is not tried again', async (status) => {
  const { url, received } = await receiver({ status, body: 'invalid_payload' })
  const error = `answered ${status}: invalid_payload`
  expect(await send(url)).toEqual({ ok: false, error, doubtful: false, refused: true })
  expect(received).toHaveLength(1)
})

describe('Retry-After', () => {
  test.each([429, 503])('%d waits as long as it is asked to', async (status) => {
    const { url, received } = await receiver({ status, headers: { 'retry-after': '1' } }, 200)
    expect(await send(url)).toEqual({ ok: true })
    expect(received[1]!.at - received[0]!.at).toBeGreaterThanOrEqual(990)
  })

  test('longer than the run may last is not waited for', async () => {
    const { url, received } = await receiver({ status: 429, headers: { 'retry-after': '3600' } })
    expect(await send(url)).toMatchObject({ ok: false, error: 'answered 429, and asks to wait 3600 s' })
    expect(received).toHaveLength(1)
  })

  test('seconds, dates and nonsense', () => {
    const now = Date.parse('2026-10-05T08:00:00Z')
    expect(retryAfterMs('120', now)).toBe(120_000)
    expect(retryAfterMs('Mon, 05 Oct 2026 08:00:30 GMT', now)).toBe(30_000)
    expect(retryAfterMs('Mon, 05 Oct 2026 07:00:30 GMT', now)).toBe(0)
    for (const text of [null, '', '-1', '1.5', 'soon', '2026-10-05', '99999999999999'])
      expect(retryAfterMs(text, now)).toBeUndefined()
  })

  test('pauses double, half of each by chance', () => {
    const pauses = [1, 2, 3].map((n) => [
      pauseBefore(n, 500, undefined, () => 0),
      pauseBefore(n, 500, undefined, () => 1),
    ])
    expect(pauses).toEqual([
      [250, 500],
      [500, 1000],
      [1000, 2000],
    ])
    expect(pauseBefore(1, 500, 9000, () => 0)).toBe(9000)
  })
})

describe('no answer', () => {
  const hang = (): void => undefined

  test('a server that hangs is left after the time-out, and not sent the same again', async () => {
    const { url, received } = await receiver(hang)
    expect(await send(url, { limits: hasty() })).toEqual({
      ok: false,
      error: 'did not answer within 2 s',
      doubtful: true,
      refused: false,
    })
    expect(received).toHaveLength(1)
  })

  test('unless the receiver knows a repeat as one', async () => {
    const { url, received } = await receiver(hang, 200)
    expect(await send(url, { repeatable: true, limits: hasty() })).toEqual({ ok: true })
    expect(received).toHaveLength(2)
  })

  test('a connection that closes', async () => {
    const { url, received } = await receiver((response) => response.destroy())
    expect(await send(url)).toMatchObject({ ok: false, doubtful: true })
    expect(received).toHaveLength(1)
  })

  test('a body that never ends is not waited for', async () => {
    const { url } = await receiver((response) => {
      response.writeHead(400)
      const timer = setInterval(() => response.write('x '.repeat(200)), 5)
      response.on('close', () => clearInterval(timer))
    })
    expect(await send(url)).toMatchObject({ ok: false, refused: true })
  })

  test('nobody there is tried again', async () => {
    const result = await send(`http://127.0.0.1:${await closedPort()}`)
    const error = 'refused the connection (tried 3 times)'
    expect(result).toEqual({ ok: false, error, doubtful: false, refused: false })
  })

  test('all attempts end before the deadline', async () => {
    const { url, received } = await receiver(500)
    const deadline = Date.now() + 600
    await send(url, { limits: { attempts: 50, attemptMs: 400, deadline, pauseMs: 200 } })
    // No attempt begins after it; without it there would be 50, in ten seconds. A busy machine takes them late.
    for (const { at } of received) expect(at).toBeLessThan(deadline + 5_000)
    expect(received.length).toBeLessThan(10)
  })
})

describe('redirects', () => {
  test('on the same host, 307 and 308 are followed with the body', async () => {
    const { url, received } = await receiver(
      { status: 307, headers: { location: '/other' } },
      { status: 308, headers: { location: '/third' } },
      200,
    )
    expect(await send(url)).toEqual({ ok: true })
    expect(received.map(({ path }) => path).slice(1)).toEqual(['/other', '/third'])
    expect(received[2]?.body).toBe('{"a":"ä"}')
  })

  test.each([301, 302, 303, 307, 308])('%d to another host is not', async (status) => {
    const other = await receiver(200)
    const { url, received } = await receiver({ status, headers: { location: `${other.url}/x` } })
    expect(await send(url)).toMatchObject({
      ok: false,
      error: expect.stringContaining('not followed') as string,
    })
    expect(received).toHaveLength(1)
    expect(other.received).toHaveLength(0)
  })

  test('in a circle they end', async () => {
    const { url, received } = await receiver({ status: 307, headers: { location: '/again' } })
    expect(await send(url)).toMatchObject({ ok: false })
    expect(received).toHaveLength(4)
  })
})

test('a server that repeats the URL and its key has them left out of what is said', async () => {
  const { url } = await receiver({
    status: 404,
    body: `no route for POST ${secretPath}?token=abcdef123456 zYxWvUtSrQpOnMlKjIhG (abcdef123456) \u001b[31m T0AB`,
  })
  const result = await send(url)
  expect(result).toMatchObject({ ok: false, error: expect.stringContaining('no route for POST') as string })
  const said = JSON.stringify(result)
  for (const secret of ['zYxWvUtSrQpOnMlKjIhG', 'abcdef123456', secretPath, '\\u001b'])
    expect(said).not.toContain(secret)
})
