/**
 * No importer lets a prompt or an answer into what is staged: what the engine holds of a run may be spilled to
 * disk, and what is staged may be stored.
 */
import { join } from 'node:path'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { Database } from '../../src/db/database.js'
import { csvSamples, jsonSamples } from '../attack/samples.js'
import { contentsOf, ingestInto, Workshop, write } from './ingesting.js'

const workshop = new Workshop()
afterAll(() => workshop.close())
afterEach(() => {
  vi.restoreAllMocks()
})

const secret = 'Tell nobody about the merger'

/** Names under which providers and loggers put what was asked and answered. */
const names = [
  'text',
  'content',
  'prompt',
  'completion',
  'input',
  'output',
  'system',
  'thinking',
  'arguments',
  'instructions',
  'query',
  'answer',
  'refusal',
]

/** The secret in place of every such text, wherever it stands. */
function sown(value: unknown, key = ''): unknown {
  if (typeof value === 'string') {
    // Some keep what a request used as JSON in a text.
    if (/^\{.*\}$/.test(value)) return JSON.stringify({ ...(JSON.parse(value) as object), request: secret })
    return names.includes(key.toLowerCase()) ? `${secret}: ${value}` : value
  }
  if (Array.isArray(value)) return value.map((item) => sown(item, key))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, sown(inner, name)]))
}

/** Fields beside those of the format, under the names of one's own logs. */
const beside = {
  prompt: secret,
  messages: [
    { role: 'user', content: secret },
    { role: 'assistant', content: [{ type: 'text', text: secret }] },
  ],
  system: secret,
  userPrompt: secret,
  last_message: secret,
  completion: secret,
  retrieved: { chunks: [{ text: secret }] },
}

function withSecrets(line: string): string {
  try {
    const record: unknown = JSON.parse(line)
    if (typeof record !== 'object' || record === null || Array.isArray(record)) return line
    return JSON.stringify({ ...beside, ...(sown(record) as object) })
  } catch {
    return line
  }
}

/** Looks at the staged rows of each run before they land; answers how many there were. */
function watchStaging(): { rows: number } {
  const seen = { rows: 0 }
  // eslint-disable-next-line typescript/unbound-method -- it is called on the database that was asked
  const run = Database.prototype.run
  vi.spyOn(Database.prototype, 'run').mockImplementation(async function (this: Database, sql, params) {
    if (sql.startsWith('CREATE VIEW located')) {
      const { rows } = await this.query<{ line: string }>(
        'SELECT CAST(to_json(s) AS VARCHAR) AS line FROM staged s',
      )
      seen.rows += rows.length
      for (const { line } of rows) expect(line).not.toContain(secret)
    }
    return run.call(this, sql, params)
  })
  return seen
}

/** Logs that are read at once: one more is cheap beside a run more. */
const atOnce = 12

const jsonLogs = Object.entries(jsonSamples).map(([id, lines]) => {
  const text = lines.map(withSecrets).join('\n')
  return { name: `${id}.jsonl`, text: `${text}\n` }
})

const csvLogs = Object.entries(csvSamples).map(([id, [header, ...rows]]) => {
  const cell = (value: string): string => `"${value.replaceAll('"', '""')}"`
  const line = (row: readonly string[], more: readonly string[]): string =>
    [...row, ...more].map(cell).join(',')
  const messages = JSON.stringify(beside.messages)
  const text = [
    line(header!, ['prompt_text', 'chat_messages']),
    ...rows.map((row) => line(row, [secret, messages])),
  ].join('\n')
  return { name: `${id}.csv`, text }
})

const logs = [...jsonLogs, ...csvLogs]
const groups = Array.from({ length: Math.ceil(logs.length / atOnce) }, (_, i) =>
  logs.slice(i * atOnce, (i + 1) * atOnce),
)

test.each(groups.map((group) => [group.map(({ name }) => name).join(', '), group] as const))(
  '%s',
  async (_, group) => {
    for (const { name, text } of group) expect([name, text.includes(secret)]).toEqual([name, true])
    const room = workshop.room()
    const db = workshop.store()
    const staging = watchStaging()
    const { files, totals } = await ingestInto(
      db,
      group.map(({ name, text }) => write(join(room, name), text)),
    )
    for (const { label, state, note, imported } of files)
      expect([label, state, imported > 0], note ?? '').toEqual([label, 'read', true])
    expect(staging.rows).toBeGreaterThanOrEqual(totals.imported + totals.duplicates + totals.superseded)
    expect(JSON.stringify(await contentsOf(db))).not.toContain(secret)
  },
)
