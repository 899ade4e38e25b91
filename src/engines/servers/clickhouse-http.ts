/** ClickHouse over its HTTP interface. */
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { Address } from './address.js'
import { clickhouse } from '../clickhouse.js'
import { refusedBy, send, textOf, turnedAway, unreached, type Connection } from './connection.js'

type Env = Readonly<Record<string, string | undefined>>

/** Codes of ClickHouse's own: no such user, and what a password may be: wrong, lacking. */
const ofCredentials: ReadonlySet<string> = new Set(['192', '193', '194', '516'])

export function clickhouseConnection(address: Address, env: Env): Connection {
  const headers = {
    'Content-Type': 'text/plain; charset=utf-8',
    ...(address.path[0] === undefined ? {} : { 'X-ClickHouse-Database': address.path[0] }),
    ...(env['LLMCOST_CLICKHOUSE_USER'] ? { 'X-ClickHouse-User': env['LLMCOST_CLICKHOUSE_USER'] } : {}),
    ...(env['LLMCOST_CLICKHOUSE_PASSWORD'] ? { 'X-ClickHouse-Key': env['LLMCOST_CLICKHOUSE_PASSWORD'] } : {}),
  }
  return {
    dialect: clickhouse,
    async ask(sql, path) {
      // The answer waits until it is whole: an error in the middle would look like its end.
      const response = await send(address, {
        method: 'POST',
        path: '/?wait_end_of_query=1',
        headers,
        body: `${sql}\nFORMAT CSVWithNames`,
      })
      const { statusCode = 0 } = response
      if (statusCode !== 200) {
        const text = await textOf(response, 100_000)
        const code = /(?:^|\s)Code: (\d+)\. DB::/.exec(text)?.[1]
        if (code === undefined) throw turnedAway(address, statusCode, text)
        throw ofCredentials.has(code) ? turnedAway(address, statusCode, text, true) : refusedBy(address, text)
      }
      try {
        await pipeline(response, createWriteStream(path, { mode: 0o600 }))
      } catch (error) {
        throw unreached(address, error)
      }
      return { scanned: scannedOf(response.headers['x-clickhouse-summary']) }
    },
  }
}

function scannedOf(summary: string | string[] | undefined): number | undefined {
  try {
    const { read_bytes: bytes } = JSON.parse(String(summary)) as { read_bytes?: unknown }
    const n = Number(bytes)
    return bytes === undefined || !Number.isFinite(n) ? undefined : n
  } catch {
    return undefined
  }
}
