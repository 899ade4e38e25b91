/** What a run writes anywhere: who may read it, what of a prompt is in it, and what is left of it afterwards. */
import { spawnSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
  rmSync,
} from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { ask } from '../property/ingesting.js'
import { emptyFolder, pinnedEnv, programPath, run, runWell, start } from './program.js'
import { runWarm, runWarmWell } from './together.js'

const slow = 400_000
const canary = 'CANARY-of-a-prompt'

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

/** Every file under a folder, with its path. */
const filesUnder = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

/** Files that hold a prompt, among those that are still there when they are read. */
function leaks(folder: string, seen: Set<string>): string[] {
  return filesUnder(folder).filter((path) => {
    try {
      seen.add(path)
      return readFileSync(path).includes(canary)
    } catch {
      return false
    }
  })
}

const call = (i: number, more: object = {}): string =>
  `${JSON.stringify({ id: `call-${i}`, ts: new Date(Date.UTC(2026, 8, 1) + i * 1000).toISOString(), model: 'gpt-4o', input_tokens: 10, output_tokens: 1, ...more })}\n`

/** Prompts and answers under every name that they are logged by. */
const prompts = (text: string): object => ({
  prompt: text,
  system: text,
  system_prompt: text.slice(0, 150),
  instructions: text.slice(0, 150),
  messages: [{ role: 'user', content: text }],
  input: text,
  response: text,
  completion: text,
  response_text: text.slice(0, 150),
  developer: text.slice(0, 150),
  tags: [`prompt:${text.slice(0, 100)}`, 'env:prod'],
  metadata: { system: text, user_prompt: text, kept: 'yes' },
})

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
      while (!over) {
        expect(leaks(out, seen)).toEqual([])
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
    await killedBy('SIGTERM')
    expect(readdirSync(temporary)).toEqual([])
    await killedBy('SIGKILL')
    expect(readdirSync(temporary)).toHaveLength(1)
    await watchedRun()
    expect(readdirSync(temporary)).toEqual([])
    // It did spill: else nothing was shown.
    expect([...seen].some((path) => path.includes('duckdb_temp'))).toBe(true)
    const [row] = await ask(
      join(out, 'calls.duckdb'),
      'SELECT count(*) AS n, count(error) AS errors, any_value(map_keys(tags)) AS tags FROM calls',
    )
    expect(row).toEqual({ n: 45_000 - 464, errors: expect.any(Number), tags: ['kept', 'env'] })
  },
  slow,
)

test(
  'compressed files, small files and stdin leave no copy that has a name',
  async () => {
    const cwd = emptyFolder()
    const temporary = join(cwd, 'out')
    mkdirSync(temporary)
    const log = Array.from({ length: 3000 }, (_, i) => call(i, prompts(`${canary} ${i}`))).join('')
    writeFileSync(join(cwd, 'log.jsonl.gz'), gzipSync(log))
    const csv = `id,ts,model,input_tokens,output_tokens,prompt\r\n${Array.from({ length: 3000 }, (_, i) => `c${i},2026-09-01T00:00:00Z,gpt-4o,1,1,"${canary} ""${i}"""`).join('\r\n')}\r\nragged\r\n`
    writeFileSync(join(cwd, 'log.csv.gz'), gzipSync(csv))
    for (const sources of [['log.jsonl.gz', 'log.csv.gz'], ['-']]) {
      const child = start(['ingest', ...sources, '--db', 'out/calls.duckdb'], {
        cwd,
        env: { TMPDIR: temporary },
      })
      child.stdin!.on('error', () => undefined)
      child.stdin!.end(sources[0] === '-' ? log.replaceAll('"call-', '"stdin-') : '')
      for (const stream of [child.stdout!, child.stderr!]) stream.resume()
      const ended = new Promise((resolve) => child.on('close', resolve))
      let over = false
      void ended.then(() => (over = true))
      while (!over) {
        expect(leaks(temporary, new Set())).toEqual([])
        await sleep(5)
      }
      expect(await ended).toBe(0)
    }
    expect(readdirSync(temporary)).toEqual(['calls.duckdb'])
    expect(await ask(join(temporary, 'calls.duckdb'), 'SELECT count(*) AS n FROM calls')).toEqual([
      { n: 9000 },
    ])
  },
  slow,
)

test(
  'the store and exports of calls are for the user alone, what others read follows the umask',
  async () => {
    const cwd = emptyFolder()
    const shell = (command: string): void => {
      const ran = spawnSync(
        '/bin/sh',
        ['-c', `umask 022; ${command.replaceAll('llmcost', `"${process.execPath}" "${programPath()}"`)}`],
        { cwd, env: pinnedEnv(cwd), encoding: 'utf8' },
      )
      expect([command, ran.status, ran.stderr]).toEqual([command, 0, expect.any(String)])
    }
    writeFileSync(join(cwd, 'log.jsonl'), call(1) + call(2))
    writeFileSync(join(cwd, 'more.jsonl'), call(3))
    shell('llmcost ingest log.jsonl --db own.duckdb')
    shell('llmcost ingest log.jsonl --db group.duckdb --mode 0640')
    shell(
      'llmcost ingest log.jsonl --db old.duckdb; chmod 664 old.duckdb; llmcost ingest more.jsonl --db old.duckdb',
    )
    expect(['own', 'group', 'old'].map((name) => modeOf(join(cwd, `${name}.duckdb`)))).toEqual([
      '600',
      '640',
      '664',
    ])
    const db = '--db own.duckdb'
    shell(`llmcost export calls --output calls.csv ${db}`)
    shell(`llmcost export calls --output shared.parquet --mode 640 ${db}`)
    shell(`llmcost export calls --partition-by day --format csv --output days --mode 0640 ${db}`)
    shell(`chmod 644 calls.csv; cp calls.csv kept.csv; llmcost export calls --output kept.csv --force ${db}`)
    shell(`llmcost export hourly --output hourly.csv ${db}`)
    shell(`llmcost report --as-of latest --output report.html ${db}`)
    shell(`llmcost metrics --output metrics.prom ${db}`)
    shell('llmcost init conf.yaml')
    const modes = Object.fromEntries(readdirSync(cwd).map((name) => [name, modeOf(join(cwd, name))]))
    expect(modes).toMatchObject({
      'shared.parquet': '640',
      days: '750',
      'kept.csv': '644',
      'hourly.csv': '644',
      'report.html': '644',
      'metrics.prom': '644',
      'conf.yaml': '644',
    })
    expect(filesUnder(join(cwd, 'days')).map(modeOf)).toEqual(['640'])
    shell(`rm calls.csv; llmcost export calls --output calls.csv ${db}`)
    expect(modeOf(join(cwd, 'calls.csv'))).toBe('600')
    for (const mode of ['8', '0777', '044', 'u+r'])
      expect((await run(['export', 'calls', '--mode', mode, '--output', 'x.csv'], { cwd })).code).toBe(2)
  },
  slow,
)

test(
  'folders of processes that are gone are swept; no other is touched, and no link followed',
  async () => {
    const cwd = emptyFolder()
    const temporary = join(cwd, 'tmp')
    mkdirSync(temporary)
    const env = { TMPDIR: temporary }
    writeFileSync(join(cwd, 'log.jsonl'), call(1))
    await runWell(['ingest', 'log.jsonl', '--db', 'calls.duckdb'], { cwd, env })
    expect(readdirSync(temporary)).toEqual([])
    // One that lives: it waits for its input.
    const living = start(['ingest', '-', '--db', 'other.duckdb'], { cwd, env })
    const killed = start(['ingest', '-', '--db', 'other.duckdb'], { cwd, env })
    const own = (pid: number | undefined): string | undefined =>
      readdirSync(temporary).find((name) => name.startsWith(`llmcost-${pid}-`))
    while (own(living.pid) === undefined || own(killed.pid) === undefined) await sleep(5)
    const folder = own(living.pid)!
    expect(modeOf(join(temporary, folder))).toBe('700')
    const abandoned = own(killed.pid)!
    const gone = new Promise((resolve) => killed.on('close', resolve))
    killed.kill('SIGKILL')
    await gone
    // The link has the name of a leftover, and the folders the ids of processes that are gone, or were reused.
    const secret = join(cwd, 'precious')
    mkdirSync(secret)
    writeFileSync(join(secret, 'file'), 'mine')
    symlinkSync(secret, join(temporary, `llmcost-${killed.pid}-link12`))
    symlinkSync(secret, join(temporary, 'llmcost-spill-1'))
    // What lies in a fresh one may be of a process that cannot be seen from here; an empty one is nobody's.
    const fresh = mkdtempSync(join(temporary, `llmcost-${killed.pid}-`))
    writeFileSync(join(fresh, '1.jsonl'), 'of somebody')
    const empty = mkdtempSync(join(temporary, `llmcost-${killed.pid}-`))
    const old = mkdtempSync(join(temporary, `llmcost-${killed.pid}-`))
    symlinkSync(secret, join(old, 'inside'))
    utimesSync(old, 1_000_000, 1_000_000)
    await runWell(['status', '--db', 'calls.duckdb'], { cwd, env })
    const names = readdirSync(temporary)
    expect(names).not.toContain(abandoned)
    expect([existsSync(old), existsSync(empty)]).toEqual([false, false])
    expect(names).toContain(folder)
    expect(existsSync(fresh)).toBe(true)
    expect(lstatSync(join(temporary, 'llmcost-spill-1')).isSymbolicLink()).toBe(true)
    expect(readFileSync(join(secret, 'file'), 'utf8')).toBe('mine')
    living.stdin!.end(call(5))
    living.stdout!.resume()
    expect(await new Promise((resolve) => living.on('close', resolve))).toBe(0)
    expect(readdirSync(temporary)).not.toContain(folder)
  },
  slow,
)

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s takes the temporary folder away',
  async (signal) => {
    const cwd = emptyFolder()
    const temporary = join(cwd, 'tmp')
    mkdirSync(temporary)
    const child = start(['ingest', '-', '--db', 'calls.duckdb'], { cwd, env: { TMPDIR: temporary } })
    while (readdirSync(temporary).length === 0) await sleep(5)
    child.stdin!.write(call(1))
    const ended = new Promise((resolve) => child.on('exit', (_code, by) => resolve(by)))
    child.kill(signal)
    expect(await ended).toBe(signal)
    expect(readdirSync(temporary)).toEqual([])
  },
  slow,
)

test(
  'doctor --privacy tells where free text is and how long, and never what it says',
  async () => {
    const cwd = emptyFolder()
    const lines = Array.from({ length: 60 }, (_, i) =>
      call(i, {
        note: `SECRET number ${i} is what somebody wrote by hand`,
        plan: 'the old plan of last year',
        error: i % 2 ? 'one two three four five SECRET' : null,
        user_id: `u${i}`,
      }),
    )
    writeFileSync(join(cwd, 'log.jsonl'), lines.join(''))
    await runWarmWell(['ingest', 'log.jsonl', '--db', 'calls.duckdb'], { cwd })
    const db = ['--db', 'calls.duckdb']
    const { rows } = JSON.parse(await runWarmWell(['doctor', '--privacy', '--json', ...db], { cwd })) as {
      rows: unknown[]
    }
    expect(rows).toEqual([
      { place: 'error', holds: 'long labels', rows: 30, texts: 1, lengths: '30' },
      { place: 'tag.note', holds: 'free text', rows: 60, texts: 60, lengths: '47, 47, 47' },
      { place: 'tag.plan', holds: 'long labels', rows: 60, texts: 1, lengths: '25' },
    ])
    const said = await runWarm(['doctor', '--privacy', ...db], { cwd })
    expect(said.stdout).toContain('1 place holds free text')
    expect(said.stdout + said.stderr).not.toContain('SECRET')
  },
  slow,
)

const nasty = `a\u001b]0;x\u0007\nllmcost: all is well\r\u202e\u200bz`

test(
  'no hidden character of a name reaches the terminal raw, whoever says it',
  async () => {
    const cwd = emptyFolder()
    const folder = join(cwd, nasty)
    mkdirSync(folder)
    const log = join(folder, `${nasty}.jsonl`)
    writeFileSync(
      log,
      Array.from({ length: 30 }, (_, i) =>
        call(i, { model: nasty, user_id: nasty, error: nasty, [nasty]: nasty, [`usage_${nasty}_tokens`]: 7 }),
      ).join('') + '{bad\n',
    )
    writeFileSync(join(folder, 'text.jsonl'), 'no log\n')
    writeFileSync(join(folder, 'bad.csv'), `ts,model,input_tokens,${nasty.replaceAll('\n', '')}\n`)
    writeFileSync(join(folder, 'prices.csv'), `${nasty},1\n`)
    const db = ['--db', join(folder, 'calls.duckdb')]
    const commands: readonly (readonly string[])[] = [
      ['ingest', log, ...db, '--max-rejects', '100%'],
      ['ingest', log, join(folder, 'text.jsonl'), join(folder, 'bad.csv'), ...db],
      ['ingest', log, ...db, '--replace', '--strict'],
      ['ingest', join(folder, 'none'), ...db],
      ['ingest', log, ...db, '--map', `${nasty}=x`],
      ['ingest', log, ...db, '--prices', join(folder, 'prices.csv'), '--replace'],
      ['status', ...db],
      ['rejects', ...db],
      ['breakdown', '--by', `model,user,tag.${nasty}`, ...db],
      ['breakdown', '--by', 'model,user', '--format', 'markdown', ...db],
      ['breakdown', '--where', `tag.${nasty}=no`, ...db],
      ['breakdown', '--by', nasty, ...db],
      ['breakdown', nasty],
      [nasty],
      ['report', '--as-of', 'latest', ...db],
      ['report', '--as-of', 'latest', '--output', join(folder, 'no', 'report.html'), ...db],
      ['errors', '--as-of', 'latest', ...db],
      ['prices', 'check', ...db],
      ['sql', `select '${nasty}' as "${nasty}"`, ...db],
      ['sql', `select "${nasty}"`, ...db],
      ['status', '--db', log],
      ['status', '--db', folder],
      ['doctor', ...db],
      ['doctor', '--privacy', ...db],
      ['export', 'calls', '--output', join(folder, 'none', 'x.csv'), ...db],
      ['export', 'calls', '--output', join(folder, 'x.csv'), ...db],
      ['export', 'calls', '--format', nasty, ...db],
      ['init', join(folder, 'llmcost.yaml')],
      ['init', join(folder, 'no', 'llmcost.yaml')],
      ['trust', join(folder, 'llmcost.yaml')],
      ['forget', log, ...db],
      ['forget', log, ...db],
    ]
    for (const command of commands) {
      const ran = await runWarm(command, { cwd, env: { LLMCOST_DEBUG: command[0] === 'status' ? '1' : '' } })
      for (const text of [ran.stdout, ran.stderr]) {
        // eslint-disable-next-line no-control-regex
        expect([command, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u202e]/.exec(text)?.[0]]).toEqual([
          command,
          undefined,
        ])
        expect([command, text.split('\n').filter((line) => line.startsWith('llmcost: all'))]).toEqual([
          command,
          [],
        ])
      }
    }
  },
  slow,
)
