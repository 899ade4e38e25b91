/** Trino over its client protocol: a statement is posted, and its pages are fetched one after another. */
import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { quoteField } from '../../domain/words/quoting.js'
import { UserError } from '../../errors.js'
import type { Address } from './address.js'
import { refusedBy, send, textOf, turnedAway, unreached, type Connection, type Sent } from './connection.js'
import { trino } from '../trino.js'

type Env = Readonly<Record<string, string | undefined>>

interface Page {
  readonly nextUri?: string
  readonly columns?: readonly { readonly name: string }[]
  readonly data?: readonly (readonly unknown[])[]
  readonly error?: { readonly message?: string; readonly errorName?: string }
  readonly stats?: { readonly processedBytes?: number }
}

/** A page is at most some megabytes, by the engine's own bound. */
const longestPage = 128 * 1024 * 1024
const mostTries = 10

export function trinoConnection(address: Address, env: Env): Connection {
  const headers = headersOf(address, env)
  const pageOf = async (sent: Sent): Promise<Page> => {
    for (let attempt = 1; ; attempt++) {
      const response = await send(address, sent)
      const { statusCode = 0 } = response
      const text = await textOf(response, longestPage).catch((error: unknown) => {
        throw unreached(address, error)
      })
      if (statusCode === 200) return pageIn(address, text)
      // A page may be asked for again, a statement not: it would run twice.
      const isBusy = [429, 502, 503, 504].includes(statusCode)
      if (!isBusy || attempt === mostTries || sent.method === 'POST')
        throw turnedAway(address, statusCode, text)
      await sleep(Math.min(100 * 2 ** attempt, 3000))
    }
  }
  return {
    dialect: trino,
    async ask(sql, path) {
      const file = createWriteStream(path, { mode: 0o600 })
      let next: string | undefined
      try {
        let page = await pageOf({ method: 'POST', path: '/v1/statement', headers, body: sql })
        let hasHeader = false
        for (;;) {
          next = nextPath(address, page.nextUri)
          if (page.error !== undefined)
            throw refusedBy(address, `${page.error.errorName ?? ''} ${page.error.message ?? ''}`)
          const lines = linesOf(page, !hasHeader)
          hasHeader ||= page.columns !== undefined
          if (lines !== '' && !file.write(lines)) await once(file, 'drain')
          if (next === undefined) break
          page = await pageOf({ method: 'GET', path: next, headers })
        }
        return { scanned: page.stats?.processedBytes }
      } catch (error) {
        // Nobody will fetch the rest: the engine need not go on.
        if (next !== undefined)
          await send(address, { method: 'DELETE', path: next, headers }).then(
            (r) => r.resume(),
            () => undefined,
          )
        throw error
      } finally {
        file.end()
        await once(file, 'close')
      }
    },
  }
}

function headersOf({ path }: Address, env: Env): Record<string, string> {
  const [catalog = '', schema = ''] = path
  const user = env['LLMCOST_TRINO_USER'] || 'llmcost'
  const password = env['LLMCOST_TRINO_PASSWORD']
  const token = env['LLMCOST_TRINO_TOKEN']
  const basic = (): string => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  return {
    'X-Trino-User': user,
    'X-Trino-Source': 'llmcost',
    'X-Trino-Catalog': catalog,
    'X-Trino-Schema': schema,
    'X-Trino-Time-Zone': 'UTC',
    ...(token ? { Authorization: `Bearer ${token}` } : password ? { Authorization: basic() } : {}),
  }
}

function pageIn(address: Address, text: string): Page {
  try {
    return JSON.parse(text) as Page
  } catch {
    throw turnedAway(address, 200, text)
  }
}

/** The next page, of the same engine: credentials go to nobody else. */
function nextPath({ host, said }: Address, uri: string | undefined): string | undefined {
  if (uri === undefined) return undefined
  const url = new URL(uri)
  if (url.hostname.replace(/^\[|\]$/g, '') === host) return url.pathname + url.search
  throw new UserError(`the engine sends on to another host, ${url.host}`, {
    location: said,
    hint: 'Name that host, if it is the one that you mean.',
  })
}

function linesOf({ columns, data = [] }: Page, needsHeader: boolean): string {
  const header = needsHeader && columns !== undefined ? [columns.map(({ name }) => name)] : []
  const field = (value: unknown): string =>
    value === null || value === undefined
      ? ''
      : quoteField(typeof value === 'string' ? value : JSON.stringify(value))
  return [...header, ...data].map((row) => `${row.map(field).join(',')}\n`).join('')
}
