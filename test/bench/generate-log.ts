/**
 * `node generate-log.js <calls> <file.jsonl|file.csv> [incident]` writes a log of so many calls over 60 days, in
 * the order of time. Every value follows from the call's number, so each run writes the same. With `incident`
 * it is 28 days and 20 features, and one user sends very long inputs in the last two days.
 */
import { DuckDBInstance } from '@duckdb/node-api'
import { logColumns } from './log-columns.js'

const [calls = '', file = '', incident] = process.argv.slice(2)
const days = incident === undefined ? 60 : 28

const models = [
  ['openai', 'gpt-4o-mini', 40],
  ['openai', 'gpt-4o', 20],
  ['anthropic', 'claude-sonnet-4-5', 20],
  ['anthropic', 'claude-haiku-4-5', 15],
  ['openai', 'gpt-4.1', 5],
] as const
const features = [
  'chat',
  'search',
  'summary',
  'extraction',
  'code_review',
  'translation',
  'doc_analysis',
  'agent',
]

/** A whole number from 0 below `below`, the same for each call; `salt` tells the fields apart. */
const pick = (salt: number, below: number): string => `(hash(n * 64 + ${salt}) % ${below})::BIGINT`

/** One of the texts, each as often as the others. */
const oneOf = (texts: readonly string[], salt: number): string =>
  `[${texts.map((text) => `'${text}'`).join(', ')}][${pick(salt, texts.length)} + 1]`

const hex = (salt: number): string => `printf('%016x', hash(n * 64 + ${salt}))`

const byShare = (column: 0 | 1): string =>
  oneOf(
    models.flatMap((model) => Array.from({ length: model[2] / 5 }, () => model[column])),
    0,
  )

const values: Readonly<Record<keyof typeof logColumns, string>> = {
  timestamp: `strftime(TIMESTAMP '2026-08-03' + to_microseconds((n * ${days} * 86400e6 / ${calls})::BIGINT), '%Y-%m-%dT%H:%M:%SZ')`,
  request_id: `'req_' || ${hex(1)}`,
  provider: byShare(0),
  model: byShare(1),
  feature: incident === undefined ? oneOf(features, 2) : `printf('feature_%02d', ${pick(2, 20)})`,
  user_id: `CASE WHEN is_incident THEN 'user_0007' ELSE printf('user_%04d', ${pick(3, 1000)}) END`,
  session_id: `printf('s_%06x', ${pick(4, 200_000)})`,
  input_tokens: 'input_tokens',
  cached_tokens: `CASE WHEN ${pick(5, 4)} = 0 THEN input_tokens // 2 ELSE 0 END`,
  output_tokens: `CASE WHEN failed THEN 0 ELSE 20 + ${pick(6, 900)} END`,
  latency_ms: `300 + ${pick(7, 6000)}`,
  status: "CASE WHEN failed THEN 'error' ELSE 'ok' END",
  finish_reason: `CASE WHEN failed THEN NULL WHEN ${pick(8, 25)} = 0 THEN 'length' ELSE 'stop' END`,
  max_tokens: `[512, 1024, 4096][${pick(9, 3)} + 1]`,
  environment: `CASE WHEN ${pick(10, 10)} = 0 THEN 'staging' ELSE 'production' END`,
  prompt_hash: hex(11),
}

const instance = await DuckDBInstance.create(':memory:')
const connection = await instance.connect()
const columns = Object.entries(values).map(([name, sql]) => `${sql} AS ${name}`)
await connection.run(`
  COPY (
    SELECT ${columns.join(', ')}
    FROM (
      SELECT n, is_incident, 50 + ${pick(12, 8000)} + CASE WHEN is_incident THEN 90000 ELSE 0 END AS input_tokens,
        ${pick(13, 100)} = 0 AS failed
      FROM (SELECT n, ${incident === undefined ? 'FALSE' : `n > ${calls} * 26 / 28 AND ${pick(14, 25)} = 0`} AS is_incident FROM range(${calls}) t(n))
    )
  ) TO '${file}' ${file.endsWith('.csv') ? '(FORMAT csv, HEADER)' : '(FORMAT json)'}`)
connection.closeSync()
instance.closeSync()
