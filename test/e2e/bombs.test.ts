/** Files of a few bytes that ask for gigabytes: refused by name, within bounded memory, and the others land. */
import { spawnSync } from 'node:child_process'
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import {
  gzipBomb,
  wideCsv,
  zstdBomb,
  zstdOfManyFrames,
  zstdOfWideWindow,
  zstdThatBoasts,
} from '../property/hostile-files.js'
import { pinnedEnv, programPath, sharedFolder } from './program.js'

const probe = `process.argv.splice(1, 1); process.on('exit', () => console.error('PEAK', process.resourceUsage().maxRSS)); await import(process.argv[1])`

interface File {
  readonly file: string
  readonly state: string
  readonly lines: number
  readonly imported: number
  readonly rejected: number
}

const cwd = sharedFolder()
let count = 0
beforeAll(() => {
  const good = Array.from(
    { length: 10 },
    (_, i) =>
      `{"ts":"2026-09-05T08:00:00Z","id":"good-${i}","model":"gpt-4o","input_tokens":1,"output_tokens":5}\n`,
  )
  writeFileSync(join(cwd, 'good.jsonl'), good.join(''))
})

/** Ingests a file beside a good one. */
function beside(name: string): {
  readonly stderr: string
  readonly code: number | null
  readonly peak: number
  readonly files: readonly File[]
} {
  const args = [
    'ingest',
    'good.jsonl',
    name,
    '--max-rejects',
    '100%',
    '--json',
    '--memory-limit',
    '512MB',
    '--db',
    `calls-${++count}.duckdb`,
  ]
  const ran = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', probe, '--', 'llmcost', programPath(), ...args],
    {
      cwd,
      env: pinnedEnv(cwd),
      encoding: 'utf8',
    },
  )
  const { rows } = JSON.parse(ran.stdout) as { rows: File[] }
  expect(ran.stderr).not.toMatch(/defect|\n {4}at /)
  return {
    stderr: ran.stderr,
    code: ran.status,
    peak: Number(/PEAK (\d+)/.exec(ran.stderr)?.[1]) / 1024,
    files: rows,
  }
}

test.each([
  [
    'a.jsonl.zst of 313 KB and 10 GB',
    'a.jsonl.zst',
    () => zstdBomb(78_000, 'x'),
    /expands to more than the 256 MB/,
  ],
  [
    'a frame that says it holds a terabyte',
    'c.jsonl.zst',
    zstdThatBoasts,
    /says that it expands to 1,048,576 MB/,
  ],
  ['a window of 2 GB', 'd.jsonl.zst', zstdOfWideWindow, /asks for 1,920 MB of memory/],
  ['gzip of 400 MB in 400 KB', 'e.jsonl.gz', () => gzipBomb(400, ' '), /expands to more than the 256 MB/],
  ['10,000 columns', 'f.csv', () => wideCsv(10_000), /it has 10,004 columns; at most 2,000 are read/],
])('%s', async (_, name, bytes, words) => {
  writeFileSync(join(cwd, name), await bytes())
  const { stderr, code, peak, files } = beside(name)
  expect(stderr).toMatch(words)
  expect(stderr).toContain(name)
  expect(files.map(({ file, state, imported }) => [file, state, imported])).toEqual([
    ['good.jsonl', 'read', 10],
    [name, 'refused', 0],
  ])
  expect(code).toBe(4)
  expect(peak).toBeGreaterThan(50)
  expect(peak).toBeLessThan(600)
})

/** Writes a large file piece by piece. */
function writePieces(name: string, head: string, piece: string, times: number, tail: string): void {
  const file = openSync(join(cwd, name), 'w')
  writeSync(file, head)
  for (let i = 0; i < times; i++) writeSync(file, piece)
  writeSync(file, tail)
  closeSync(file)
}

const megabyte = (text: string): string => text.repeat(Math.ceil((1 << 20) / text.length))

test.each([
  [
    'a line of 1 GB',
    'line.jsonl',
    '{"ts":"2026-09-05T08:00:00Z","id":"first","model":"gpt-4o","input_tokens":1}\n{"ts":"2026-09-05T08:00:00Z","prompt":"',
    'y',
    1024,
    '"}\n',
    1,
  ],
  [
    'a document of 300 MB',
    'doc.json',
    '{"ts":"2026-09-05T08:00:00Z","input_tokens":1,\n"x":[',
    '1,2,3,4,',
    300,
    '1]}',
    2,
  ],
  [
    'a cell of 300 MB',
    'cell.csv',
    'ts,model,input_tokens,output_tokens,note\n2026-09-05T08:00:00Z,gpt-4o,1,2,"',
    'y',
    300,
    '"\n',
    1,
  ],
  [
    'a message of a collector of 300 MB',
    'box.log',
    '{"log":"{\\"input_tokens\\":1,\\"ts\\":\\"2026-09-05T08:00:00Z\\",\\"model\\":\\"gpt-4o\\"}\\n","stream":"stdout","time":"2026-09-05T08:00:00Z"}\n{"log":"',
    'z',
    300,
    '","stream":"stdout"}\n',
    1,
  ],
] as const)('%s is rejected, and not held', (_, name, head, fill, times, tail, rejected) => {
  writePieces(name, head, megabyte(fill), times, tail)
  const { peak, files } = beside(name)
  expect(files[0]).toMatchObject({ state: 'read', imported: 10 })
  expect(files[1]).toMatchObject({ state: 'read', rejected })
  expect(peak).toBeLessThan(700)
})

test('lists in lists, 300 MB of them, are no log', () => {
  writePieces('nest.json', '[', megabyte('['), 300, '')
  const { peak, files } = beside('nest.json')
  expect(files[1]).toMatchObject({ file: 'nest.json', state: 'refused' })
  expect(peak).toBeLessThan(500)
})

test('a quote that is never closed costs its record, and no other', () => {
  const row = '2026-09-05T08:00:00Z,gpt-4o,1,2,x\n'
  writeFileSync(
    join(cwd, 'quote.csv'),
    `ts,model,input_tokens,output_tokens,note\n2026-09-05T08:00:00Z,gpt-4o,1,2,"x\n${row.repeat(20_000)}`,
  )
  expect(beside('quote.csv').files[1]).toMatchObject({ imported: 20_000, rejected: 1 })
})

test('thousands of frames, with others to skip between them, are one log', () => {
  writeFileSync(join(cwd, 'frames.jsonl.zst'), zstdOfManyFrames(5000))
  expect(beside('frames.jsonl.zst').files[1]).toMatchObject({ state: 'read', imported: 5000 })
})
