/** What an ingest spills to disk, stores, or leaves behind when it is killed, holds no prompt and no answer. */
import { createHash } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { call, canary, filesUnder, leaks, prompts } from '../e2e/canaries.js'
import { emptyFolder, start } from '../e2e/program.js'
import { ask } from '../property/ingesting.js'
import { attackTimeout, isFull, sized, tell } from './size.js'

/** A log in which labels are long, so that staging outgrows a small memory. */
function writeLarge(path: string, calls: number): void {
  const file = openSync(path, 'w')
  const pool = Array.from({ length: 200 }, (_, i) =>
    Array.from({ length: 8 }, (_, k) => createHash('sha256').update(`${i}.${k}`).digest('hex'))
      .join('')
      .slice(0, 480),
  )
  const text = `${canary} ${'some words of it '.repeat(12)}`
  for (let i = 0; i < calls;) {
    const lines: string[] = []
    for (const end = Math.min(calls, i + 500); i < end; i++) {
      const label = (k: number): string => `${pool[(i * 7 + k * 13) % 200]!}${i * 10 + k}`
      const labels = Object.fromEntries(
        ['user_id', 'session_id', 'feature', 'customer', 'team', 'environment', 'trace_id', 'endpoint'].map(
          (name, k) => [name, label(k)],
        ),
      )
      const failed = i % 50 === 0 ? { error: `Invalid prompt: ${text}`, status: 'error' } : {}
      lines.push(
        call(i, { ...labels, ...prompts(text), ...failed, ...(i % 97 === 0 ? { ts: 'never' } : {}) }),
      )
    }
    writeSync(file, lines.join(''))
  }
  closeSync(file)
}

test(
  'what is spilled, stored or left behind by a kill holds no prompt',
  async () => {
    const cwd = emptyFolder()
    const out = join(cwd, 'out')
    const temporary = join(out, 'tmp')
    mkdirSync(temporary, { recursive: true })
    writeLarge(join(cwd, 'large.jsonl'), 45_000)
    const args = [
      'ingest',
      'large.jsonl',
      '--db',
      'out/calls.duckdb',
      '--memory-limit',
      '700MB',
      '--max-rejects',
      '100%',
    ]
    const seen = new Set<string>()
    /** False: it should have been killed, and was over before anybody saw what it had spilled. */
    const watchedRun = async (kill?: NodeJS.Signals): Promise<boolean> => {
      const child = start(args, { cwd, env: { TMPDIR: temporary } })
      let stderr = ''
      child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
      child.stdout!.resume()
      const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)))
      let over = false
      void ended.then(() => (over = true))
      for (let look = 0; !over; look++) {
        // All that is there is read.
        if (look % sized(8, 1) === 0) expect(leaks(out, seen)).toEqual([])
        const spilled = filesUnder(temporary).some((path) => path.includes('duckdb_temp'))
        // Once: a second signal ends it at once, whatever it would still remove.
        if (kill !== undefined && spilled && !child.killed) child.kill(kill)
        await sleep(50)
      }
      if (kill === undefined) expect([await ended, stderr]).toEqual([0, expect.any(String)])
      expect(leaks(out, seen)).toEqual([])
      return (await ended) === null
    }
    const killedBy = async (signal: NodeJS.Signals): Promise<void> => {
      for (let i = 0; i < 5; i++) {
        if (await watchedRun(signal)) return
        expect(readdirSync(temporary)).toEqual([])
        rmSync(join(out, 'calls.duckdb'))
      }
      expect.fail(`it was never seen to spill before it was over, to be given ${signal}`)
    }
    if (isFull) await killedBy('SIGTERM')
    expect(readdirSync(temporary)).toEqual([])
    await killedBy('SIGKILL')
    expect(readdirSync(temporary)).toHaveLength(1)
    await watchedRun()
    expect(readdirSync(temporary)).toEqual([])
    // It did spill: else nothing was shown.
    expect([...seen].some((path) => path.includes('duckdb_temp'))).toBe(true)
    tell(
      `an ingest that spills, ${isFull ? 'killed twice and' : 'killed once and'} whole: no prompt in any file it wrote`,
    )
    const [row] = await ask(
      join(out, 'calls.duckdb'),
      'SELECT count(*) AS n, count(error) AS errors, any_value(map_keys(tags)) AS tags FROM calls',
    )
    expect(row).toEqual({ n: 45_000 - 464, errors: expect.any(Number), tags: ['kept', 'env'] })
  },
  attackTimeout,
)
