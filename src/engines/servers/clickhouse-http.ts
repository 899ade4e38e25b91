/** ClickHouse over its HTTP interface. */
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { Address } from './address.js'
import { clickhouse } from '../clickhouse.js'
import { refusedBy, send, textOf, unreached, type Connection } from './connection.js'

type Env = Readonly<Record<string, string | undefined>>

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
      if (response.statusCode !== 200) throw refusedBy(address, await textOf(response, 100_000))
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
