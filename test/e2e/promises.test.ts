/** What SECURITY.md promises of every verb: nothing is sent, nothing is started, no prompt is kept. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { ask } from '../property/ingesting.js'
import { emptyFolder, run } from './program.js'

/** Loaded before the program: writes down each connection, each port and each process that is begun. */
const watcher = `
import { ChildProcess } from 'node:child_process'
import dgram from 'node:dgram'
import dns from 'node:dns'
import { appendFileSync } from 'node:fs'
import net from 'node:net'
import { inspect } from 'node:util'
const tell = (what) => appendFileSync(process.env.WATCHED, what + '\\n')
const wrap = (owner, name, what, told = () => '') => {
  const real = owner[name]
  owner[name] = function (...args) {
    if (told(...args) !== undefined) tell(what + ' ' + told(...args))
    return real.apply(this, args)
  }
}
// The socket in a run's private folder is no port: by it a later run sees that the folder has an owner.
const outOfPrivate = (...args) => (/\\/llmcost-\\d+-\\w+\\/owner\\b/.test(inspect(args[0])) ? undefined : '')
wrap(net.Socket.prototype, 'connect', 'connect', outOfPrivate)
wrap(net.Server.prototype, 'listen', 'listen', outOfPrivate)
wrap(dgram.Socket.prototype, 'send', 'send')
wrap(dns, 'lookup', 'lookup')
// Itself, anew, is no other program.
const isItself = ({ file, args }) => file === process.execPath || (file === '/bin/sh' && args.includes(process.execPath))
wrap(ChildProcess.prototype, 'spawn', 'spawn', (given) => (isItself(given) ? undefined : given.file))
`

const secret = 'Tell nobody about the merger'

/** Prompts and answers where logs have them, and under names of one's own. */
const record = (i: number): object => ({
  id: `call-${i}`,
  timestamp: new Date(Date.UTC(2026, 8, 1) + i * 3_600_000).toISOString(),
  model: 'gpt-4o',
  user_id: `u${i % 3}`,
  input_tokens: 1000,
  output_tokens: 10,
  prompt: secret,
  messages: [{ role: 'user', content: secret }],
  input: secret,
  output: secret,
  system: secret,
  content: secret,
  response: { text: secret },
  completion: secret,
  tags: { tier: 'pro', prompt: secret, long: secret.repeat(8) },
})

const verbs: readonly (readonly string[])[] = [
  ['ingest', 'logs'],
  ['report', '--as-of', 'latest'],
  ['report', '--as-of', 'latest', '--output', 'report.html'],
  ['breakdown', '--by', 'user', '--as-of', 'latest'],
  ['anomalies', '--as-of', 'latest'],
  ['check', '--as-of', 'latest'],
  ['forecast', '--as-of', 'latest'],
  ['calls', '--as-of', 'latest'],
  ['sql', 'SELECT count(*) FROM calls'],
  ['export', 'calls', '--as-of', 'latest', '--output', 'calls.csv'],
  ['export', 'calls', '--as-of', 'latest', '--output', 'calls.parquet'],
  ['metrics', '--as-of', 'latest'],
  ['prices'],
  ['reprice'],
  ['status'],
  ['rejects'],
  ['doctor'],
  ['breakdown', '--by', 'user', '--as-of', 'latest', '--input', 'logs'],
]

test('no verb connects, listens or starts a program, and no prompt is in anything that it writes', async () => {
  const cwd = emptyFolder()
  const watched = join(cwd, 'watched')
  const tmp = join(cwd, 'tmp')
  for (const folder of ['logs', 'tmp']) mkdirSync(join(cwd, folder))
  writeFileSync(watched, '')
  writeFileSync(join(cwd, 'watcher.mjs'), watcher)
  const lines = Array.from({ length: 60 }, (_, i) => JSON.stringify(record(i)))
  const rejected = JSON.stringify({ ...record(61), timestamp: 'never' })
  writeFileSync(join(cwd, 'logs/app.jsonl'), [...lines, rejected, ''].join('\n'))
  const env = {
    NODE_OPTIONS: `--import ${pathToFileURL(join(cwd, 'watcher.mjs')).href}`,
    WATCHED: watched,
    TMPDIR: tmp,
    LLMCOST_DB: join(cwd, 'calls.duckdb'),
  }
  const said: string[] = []
  for (const args of verbs) {
    const ran = await run(args, { cwd, env })
    expect([0, 3], `${args.join(' ')}: ${ran.stderr}`).toContain(ran.code)
    said.push(ran.stdout, ran.stderr)
  }
  expect(readFileSync(watched, 'utf8')).toBe('')
  const { rows, text } = await allOf(join(cwd, 'calls.duckdb'))
  expect(rows).toBeGreaterThan(60)
  const written = readdirSync(cwd, { recursive: true })
    .map((name) => join(cwd, String(name)))
    .filter((path) => statSync(path).isFile() && !path.includes('/logs/'))
    .map((path) => readFileSync(path, 'latin1'))
  for (const one of [...said, text, ...written]) expect(one.includes(secret)).toBe(false)
  // What a test of nothing would pass, too: the labels are there.
  expect(text).toContain('pro')
})

/** The rows of all tables, as text. */
async function allOf(db: string): Promise<{ rows: number; text: string }> {
  expect(existsSync(db)).toBe(true)
  const tables = await ask(db, 'SELECT table_name AS name FROM duckdb_tables()')
  const found = await Promise.all(
    tables.map(({ name }) => ask(db, `SELECT CAST(to_json(t) AS VARCHAR) AS line FROM ${String(name)} t`)),
  )
  return {
    rows: found.flat().length,
    text: found
      .flat()
      .map(({ line }) => line)
      .join('\n'),
  }
}

test('the watcher sees what is begun: a port that is asked for', async () => {
  const cwd = emptyFolder()
  const watched = join(cwd, 'watched')
  writeFileSync(watched, '')
  writeFileSync(join(cwd, 'watcher.mjs'), watcher)
  const env = {
    NODE_OPTIONS: `--import ${pathToFileURL(join(cwd, 'watcher.mjs')).href}`,
    WATCHED: watched,
  }
  await run(['prices', 'update', 'https://127.0.0.1:65534/prices.json'], { cwd, env })
  expect(readFileSync(watched, 'utf8')).toContain('connect')
})
