/** What is said where an engine cannot be asked: which address, what is wrong, and what to check. */
import { createServer, type Server } from 'node:http'
import { createServer as createPlainServer, type AddressInfo, type Server as PlainServer } from 'node:net'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectionTo } from '../../src/engines/registry.js'
import { addressOf } from '../../src/engines/servers/address.js'
import { UserError } from '../../src/errors.js'

let server: Server
let port: number
let closed: number
let answer: readonly [status: number, text: string] = [200, '']

const listening = async (one: PlainServer): Promise<number> => {
  await new Promise<void>((resolve) => void one.listen(0, '127.0.0.1', resolve))
  return (one.address() as AddressInfo).port
}

beforeAll(async () => {
  server = createServer((_request, response) => {
    const [status, text] = answer
    response.writeHead(status, status === 302 ? { Location: 'https://elsewhere/' } : {}).end(text)
  })
  port = await listening(server)
  const gone = createPlainServer()
  closed = await listening(gone)
  await new Promise((resolve) => gone.close(resolve))
})

afterAll(() => void server.close())

async function fault(address: string): Promise<UserError> {
  const connection = connectionTo(addressOf(address, 5000), {})
  const error: unknown = await connection
    .ask('SELECT 1', join(tmpdir(), 'llmcost-never.csv'))
    .catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(UserError)
  return error as UserError
}

test.each(['clickhouse', 'trino'])('%s: nobody listens, or no TLS is spoken', async (engine) => {
  const path = engine === 'trino' ? 'hive/default' : 'default'
  const none = await fault(`${engine}://127.0.0.1:${closed}/${path}`)
  expect(none.message).toBe(
    `the engine at ${engine}://127.0.0.1:${closed}/${path} cannot be asked: nothing listens there (ECONNREFUSED)`,
  )
  expect(none.hint).toContain(`Address and port: 127.0.0.1, port ${closed}.`)
  expect(none.hint).toContain(`TLS: it is not used; ${engine}s:// uses it.`)
  expect(none.hint).toContain(`LLMCOST_${engine.toUpperCase()}_PASSWORD`)
  const plain = await fault(`${engine}s://127.0.0.1:${port}/${path}`)
  expect(plain.message).toMatch(/cannot be asked: it speaks no TLS/)
})

test.each([
  [
    'clickhouse',
    403,
    'Code: 516. DB::Exception: default: Authentication failed',
    'it does not take these credentials (HTTP 403: Code: 516',
  ],
  [
    'clickhouse',
    500,
    'Code: 194. DB::Exception: password required',
    'it does not take these credentials (HTTP 500',
  ],
  [
    'clickhouse',
    404,
    'Not Found',
    'it is no such engine, or something stands before it (HTTP 404: Not Found)',
  ],
  ['clickhouse', 404, 'Code: 60. DB::Exception: Unknown table', 'the engine answers: Code: 60.'],
  ['trino', 401, 'Unauthorized', 'it does not take these credentials (HTTP 401: Unauthorized)'],
  ['trino', 302, '', 'it sends elsewhere, where nobody follows (HTTP 302)'],
  ['trino', 200, '<html>', 'it is no such engine, or something stands before it (HTTP 200: <html>)'],
] as const)('%s answers %i %s', async (engine, status, text, said) => {
  answer = [status, text]
  const error = await fault(
    `${engine}://127.0.0.1:${port}/${engine === 'trino' ? 'hive/default' : 'default'}`,
  )
  expect(error.message).toContain(said)
})
