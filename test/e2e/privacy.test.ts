/** What a run writes anywhere: who may read it, what of a prompt is in it, and what is left of it afterwards. */
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { ask } from '../property/ingesting.js'
import { call, canary, filesUnder, leaks, prompts } from './canaries.js'
import { emptyFolder, runWell, start } from './program.js'
import { runWarm, runWarmWell } from './together.js'

const slow = 400_000
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

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
    expect(readdirSync(temporary).toSorted()).toEqual(['calls.duckdb', 'calls.duckdb.sums.json'])
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
    const mask = process.umask(0o022)
    onTestFinished(() => void process.umask(mask))
    const own = (...args: readonly string[]): Promise<string> =>
      runWarmWell([...args, '--db', 'own.duckdb'], { cwd })
    writeFileSync(join(cwd, 'log.jsonl'), call(1) + call(2))
    writeFileSync(join(cwd, 'more.jsonl'), call(3))
    await runWell(['ingest', 'log.jsonl', '--db', 'own.duckdb'], { cwd })
    await runWarmWell(['ingest', 'log.jsonl', '--db', 'group.duckdb', '--mode', '0640'], { cwd })
    cpSync(join(cwd, 'own.duckdb'), join(cwd, 'old.duckdb'))
    chmodSync(join(cwd, 'old.duckdb'), 0o664)
    await runWarmWell(['ingest', 'more.jsonl', '--db', 'old.duckdb'], { cwd })
    expect(['own', 'group', 'old'].map((name) => modeOf(join(cwd, `${name}.duckdb`)))).toEqual([
      '600',
      '640',
      '664',
    ])
    await own('export', 'calls', '--output', 'calls.csv')
    expect(modeOf(join(cwd, 'calls.csv'))).toBe('600')
    await own('export', 'calls', '--output', 'shared.parquet', '--mode', '640')
    const inDays = ['--partition-by', 'day', '--format', 'csv', '--output', 'days', '--mode', '0640']
    await own('export', 'calls', ...inDays)
    cpSync(join(cwd, 'calls.csv'), join(cwd, 'kept.csv'))
    chmodSync(join(cwd, 'kept.csv'), 0o644)
    await own('export', 'calls', '--output', 'kept.csv', '--force')
    await own('export', 'hourly', '--output', 'hourly.csv')
    await own('report', '--as-of', 'latest', '--output', 'report.html')
    await own('metrics', '--output', 'metrics.prom')
    await runWarmWell(['init', 'conf.yaml'], { cwd })
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
    for (const mode of ['8', '0777', '044', 'u+r'])
      expect((await runWarm(['export', 'calls', '--mode', mode, '--output', 'x.csv'], { cwd })).code).toBe(2)
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
