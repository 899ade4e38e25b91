/**
 * Many processes write one store while many read it: no run fails, every answer is of whole files, and in the end
 * the store holds what one reading of the same files gives.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ask, contentsOf } from '../property/ingesting.js'
import { emptyFolder, run, runWell } from '../e2e/program.js'
import { attackTimeout, dice, sized, tell, type Dice } from './size.js'

const each = sized(3, 8)
const seconds = sized(5, 120)

/** Calls of each file: an answer that is no multiple saw a part of one. */
const perFile = 20

const db = ['--db', 'calls.duckdb', '--lock-timeout', '10m'] as const

const logOf = (writer: number, file: number): string =>
  Array.from({ length: perFile }, (_, i) =>
    JSON.stringify({
      id: `call-${writer}-${file}-${i}`,
      timestamp: new Date(Date.UTC(2026, 8, 1) + (file * perFile + i) * 1000).toISOString(),
      model: ['gpt-4o', 'claude-haiku-4-5'][i % 2],
      user_id: `writer-${writer}`,
      input_tokens: 1000 + i,
      output_tokens: 10,
    }),
  )
    .concat('')
    .join('\n')

interface World {
  readonly cwd: string
  readonly hasTime: () => boolean
  /** Paths of files whose calls must be there in the end. */
  readonly kept: Set<string>
  readonly counts: { writes: number; reads: number }
}

async function write(world: World, writer: number, throws: Dice): Promise<void> {
  const { cwd, kept, counts } = world
  const own: string[] = []
  for (let file = 0; world.hasTime(); file++) {
    const path = `w${writer}/log-${file}.jsonl`
    writeFileSync(join(cwd, path), logOf(writer, file))
    await runWell(['ingest', path, ...db], world)
    own.push(path)
    kept.add(path)
    counts.writes += 1
    const more = throws.below(6)
    if (more === 0) {
      await runWell(['ingest', throws.oneOf(own), '--replace', ...db], world)
    } else if (more === 1) {
      const gone = own.splice(throws.below(own.length), 1)[0]!
      await runWell(['forget', gone, ...db], world)
      kept.delete(gone)
    } else if (more === 2) {
      await runWell(['reprice', ...db], world)
    } else if (more === 3) {
      await runWell(['ingest', `w${writer}`, ...db], world)
      // What was forgotten is in the folder still.
      for (let i = 0; i <= file; i++) kept.add(`w${writer}/log-${i}.jsonl`)
      own.splice(0, own.length, ...Array.from({ length: file + 1 }, (_, i) => `w${writer}/log-${i}.jsonl`))
    } else continue
    counts.writes += 1
  }
}

async function read(world: World, reader: number, throws: Dice): Promise<void> {
  const { cwd, counts } = world
  while (world.hasTime()) {
    const calls = await callsBy[throws.below(callsBy.length)]!(world, `${cwd}/read-${reader}.csv`)
    expect(calls % perFile, `reader ${reader} saw ${calls} calls`).toBe(0)
    counts.reads += 1
  }
}

/** How many calls a question sees, by several verbs. */
const callsBy: readonly ((world: World, output: string) => Promise<number>)[] = [
  async (world) => {
    const answer = await runWell(['breakdown', '--by', 'none', '--as-of', 'latest', '--json', ...db], world)
    return (JSON.parse(answer) as { rows: { calls: number }[] }).rows[0]!.calls
  },
  async (world) => {
    const answer = await runWell(['sql', 'SELECT count(*) AS n FROM calls', '--format', 'csv', ...db], world)
    return Number(answer.split('\n')[1])
  },
  async (world, output) => {
    await runWell(
      ['export', 'calls', '--as-of', 'latest', '--output', output, '--force', '--quiet', ...db],
      world,
    )
    return readFileSync(output, 'utf8').trimEnd().split('\n').length - 1
  },
  async (world) => {
    await runWell(['report', '--as-of', 'latest', ...db], world)
    return 0
  },
]

test(
  `${each} writers and ${each} readers for ${seconds} s lose nothing, double nothing and never fail`,
  async () => {
    const cwd = emptyFolder()
    const ends = Date.now() + seconds * 1000
    const world: World = {
      cwd,
      hasTime: () => Date.now() < ends,
      kept: new Set(['first.jsonl']),
      counts: { writes: 0, reads: 0 },
    }
    writeFileSync(join(cwd, 'first.jsonl'), logOf(99, 0))
    for (let i = 0; i < each; i++) mkdirSync(join(cwd, `w${i}`))
    await runWell(['ingest', 'first.jsonl', ...db], world)
    await Promise.all(
      Array.from({ length: each }, (_, i) => [
        write(world, i, dice(200 + i)),
        read(world, i, dice(300 + i)),
      ]).flat(),
    )
    const { counts, kept } = world
    const store = join(cwd, 'calls.duckdb')
    const alone = await run(['ingest', ...kept, '--db', 'alone.duckdb', '--quiet'], world)
    expect(alone.code, alone.stderr).toBe(0)
    const together = await contentsOf(store)
    expect(together.calls.length).toBe(kept.size * perFile)
    expect(together).toEqual(await contentsOf(join(cwd, 'alone.duckdb')))
    const files = await ask(
      store,
      'SELECT path FROM files WHERE current AND lines <> imported + duplicates + superseded + skipped + rejected',
    )
    expect(files).toEqual([])
    expect(existsSync(`${store}.wal`)).toBe(false)
    tell(
      `${each} writers and ${each} readers for ${seconds} s: ${counts.writes} runs wrote ${kept.size} files, ${counts.reads} answers, none failed, none saw half a file, nothing lost or doubled`,
    )
  },
  attackTimeout,
)
