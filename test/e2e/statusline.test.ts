/** `llmcost statusline`: what an agent gets, whatever it tells and whatever became of the database and its sums. */
import { spawn } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { emptyFolder, pinnedEnv, programPath, sharedFolder } from './program.js'
import { runWarm, runWarmWell } from './together.js'

/** As Claude Code logs it: claude-sonnet-4-5, USD per million tokens: $3 input, $15 output; each call costs $0.0045. */
const call = (id: number, at = Date.now() - 1000): string =>
  `${JSON.stringify({
    type: 'assistant',
    sessionId: 'known',
    uuid: `u${id}`,
    requestId: `req_${id}`,
    timestamp: new Date(at).toISOString(),
    message: {
      id: `msg_${id}`,
      model: 'claude-sonnet-4-5',
      usage: { input_tokens: 1000, output_tokens: 100 },
    },
  })}\n`

/** As Claude Code tells it. */
const told = (id: string): string =>
  JSON.stringify({
    hook_event_name: 'Status',
    session_id: id,
    transcript_path: '/home/ada/.claude/projects/p/t.jsonl',
    cwd: '/home/ada/p',
    model: { id: 'claude-opus-4-8', display_name: 'Opus' },
    workspace: { current_dir: '/home/ada/p', project_dir: '/home/ada/p' },
    version: '2.1.90',
    cost: { total_cost_usd: 0.42, total_duration_ms: 45_000, total_lines_added: 1 },
    context_window: { context_window_size: 200_000, used_percentage: 8 },
  })

/** Where it is noon, no day and no month ends while a test runs. */
const hoursAhead = 12 - new Date().getUTCHours()
const tz = hoursAhead === 0 ? 'UTC' : `Etc/GMT${hoursAhead > 0 ? '-' : '+'}${Math.abs(hoursAhead)}`

const config = `tz: ${tz}
budgets:
  - { monthly: 0.05, warn_at: [0.5] }
  - { name: shop, monthly: 0.001, feature: shop }
`

const base = sharedFolder()

/** A folder with the database of ten calls, and its sums. */
async function folder(calls = 10): Promise<string> {
  const made = join(base, `calls-${calls}`)
  if (!existsSync(made)) {
    mkdirSync(made)
    writeFileSync(join(made, 'llmcost.config.yaml'), config)
    writeFileSync(join(made, 'log.jsonl'), Array.from({ length: calls }, (_, i) => call(i)).join(''))
    await runWarmWell(['ingest', 'log.jsonl', '--db', 'c.duckdb'], { cwd: made })
  }
  const cwd = emptyFolder()
  for (const name of ['llmcost.config.yaml', 'log.jsonl', 'c.duckdb', 'c.duckdb.sums.json'])
    copyFileSync(join(made, name), join(cwd, name))
  return cwd
}

const lineIn = (
  cwd: string,
  input = '',
  env: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
): Promise<string> => runWarmWell(['statusline', '--db', 'c.duckdb', ...args], { cwd, input, env })

const changed = (cwd: string, change: (sums: Record<string, unknown>) => void): void => {
  const path = join(cwd, 'c.duckdb.sums.json')
  const sums = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
  change(sums)
  writeFileSync(path, JSON.stringify(sums))
}

const figures = '$0.045 today · $0.045 of $0.05 month (90%)'

describe('one line', () => {
  test('session by the database, else by the agent, and never both', async () => {
    const cwd = await folder()
    expect(await lineIn(cwd, told('known'))).toBe(`$0.045 session · ${figures}\n`)
    expect(await lineIn(cwd, told('new'))).toBe(`$0.42 session (agent's figure) · ${figures}\n`)
    expect(statSync(join(cwd, 'c.duckdb.sums.json')).mode & 0o777).toBe(0o600)
  })

  test('whatever it is told', async () => {
    const cwd = await folder()
    for (const input of [
      '',
      'null',
      '[1]',
      '"x"',
      '{"session_id":7,"cost":"free"}',
      '{"session_id":"known',
      '\u0000\u001b[2J',
      '{"cost":{"total_cost_usd":-1}}',
      '{"cost":{"total_cost_usd":1e999}}',
      '{"session_id":"__proto__"}',
      `{"pad":"${'x'.repeat(1_100_000)}"}`,
    ])
      expect(await lineIn(cwd, input), input.slice(0, 80)).toBe(`${figures}\n`)
  })

  test('that nothing in the sums can act in', async () => {
    const cwd = await folder()
    changed(cwd, (sums) => {
      const budget = { name: '\u001b]0;x\u0007\u202e', period: 'monthly', usd: '0.001', warnAt: [1], set: 0 }
      sums['budgets'] = [{ ...budget, filters: [{ dimension: 'feature', operator: '=', value: 'x' }] }]
    })
    expect(await lineIn(cwd)).toBe(
      '$0.045 today · $0.045 month · $0.045 of $0.001 ␛]0;x␇\\u{202e} (4,500%)\n',
    )
    expect(await lineIn(cwd, '', {}, ['--json'])).not.toMatch(/[\u0000-\u0009\u001b\u202e]/)
  })

  test('in colours where they are asked for', async () => {
    const cwd = await folder()
    const env = { FORCE_COLOR: '1' }
    expect(await lineIn(cwd, '', env)).toContain('\u001b[33m$0.045 of $0.05 month (90%)\u001b[39m')
    expect(await lineIn(cwd, '', { ...env, NO_COLOR: '1' })).toBe(`${figures}\n`)
    expect(await lineIn(cwd, '', env, ['--no-color'])).toBe(`${figures}\n`)
  })

  test('as wide as there is room', async () => {
    const cwd = await folder()
    expect(await lineIn(cwd, told('new'), { COLUMNS: '80' })).toBe(
      `$0.42 session (agent's figure) · ${figures}\n`,
    )
    expect(await lineIn(cwd, told('new'), { COLUMNS: '66' })).toBe('$0.045 today · $0.045 of $0.05 month\n')
    expect(await lineIn(cwd, told('new'), { COLUMNS: '24' })).toBe('$0.045 of $0.05 month\n')
    expect(await lineIn(cwd, told('new'), { COLUMNS: '20' })).toBe('$0.045 of $0.05 mon…\n')
  })
})

describe('what became of the sums', () => {
  test('without any it says how to make them, and exits 0', async () => {
    const cwd = await folder()
    rmSync(join(cwd, 'c.duckdb.sums.json'))
    expect(await lineIn(cwd, told('new'))).toBe(
      "$0.42 session (agent's figure) · no sums yet: run llmcost ingest\n",
    )
    expect(JSON.parse(await lineIn(cwd, '', {}, ['--json']))).toEqual({
      schemaVersion: 1,
      kind: 'statusline',
      session: null,
      problem: 'no sums yet: run llmcost ingest',
    })
    // What is not new is read again for them.
    await runWarmWell(['ingest', 'log.jsonl', '--db', 'c.duckdb'], { cwd })
    expect(await lineIn(cwd)).toBe(`${figures}\n`)
    rmSync(join(cwd, 'c.duckdb'))
    expect(await lineIn(cwd)).toBe('no calls yet: run llmcost ingest\n')
  })

  test('of another version, broken, or of a later time', async () => {
    const cwd = await folder()
    changed(cwd, (sums) => (sums['since'] = '2099-01-01T00:00:00Z'))
    expect(await lineIn(cwd)).toBe('sums of a later time: run llmcost ingest\n')
    changed(cwd, (sums) => (sums['version'] = 2))
    expect(await lineIn(cwd)).toBe('sums of another version: run llmcost ingest\n')
    writeFileSync(join(cwd, 'c.duckdb.sums.json'), '{"version":1')
    expect(await lineIn(cwd)).toBe('sums of another version: run llmcost ingest\n')
    await runWarmWell(['ingest', 'log.jsonl', '--db', 'c.duckdb'], { cwd })
    expect(await lineIn(cwd)).toBe(`${figures}\n`)
  })

  test('old ones say how old, and those that the database has left behind', async () => {
    const cwd = await folder()
    const back = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString()
    changed(cwd, (sums) => (sums['made'] = back(14)))
    expect(await lineIn(cwd)).toBe(`${figures}\n`)
    changed(cwd, (sums) => (sums['made'] = back(130)))
    expect(await lineIn(cwd)).toBe(`${figures} · 2 h 10 min old\n`)
    changed(cwd, (sums) => (sums['mark'] = 'another'))
    // A moment after a write its sums may still be on their way.
    expect(await lineIn(cwd)).toBe(`${figures} · 2 h 10 min old\n`)
    const before = new Date(Date.now() - 60_000)
    utimesSync(join(cwd, 'c.duckdb'), before, before)
    expect(await lineIn(cwd)).toBe(`${figures} · 2 h 10 min old, older than the database\n`)
    await runWarmWell(['ingest', 'log.jsonl', '--db', 'c.duckdb'], { cwd })
    expect(await lineIn(cwd)).toBe(`${figures}\n`)
  })

  test('whatever writes calls keeps them, and what fails there fails nothing', async () => {
    const cwd = await folder()
    const costs = async (): Promise<unknown> => {
      const { month } = JSON.parse(await lineIn(cwd, '', {}, ['--json'])) as { month: { cost_usd: string } }
      return Number(month.cost_usd)
    }
    writeFileSync(join(cwd, 'prices.csv'), 'model,input,output\nclaude-sonnet-4-5,6,30\n')
    writeFileSync(join(cwd, 'llmcost.config.yaml'), `${config}prices: [prices.csv]\n`)
    await runWarmWell(['reprice', '--db', 'c.duckdb'], { cwd })
    expect(await costs()).toBe(0.09)
    writeFileSync(join(cwd, 'more.jsonl'), call(90) + call(91))
    await runWarmWell(['ingest', 'more.jsonl', '--db', 'more.duckdb'], { cwd })
    await runWarmWell(['merge', 'more.duckdb', '--db', 'c.duckdb'], { cwd })
    expect(await costs()).toBe(0.108)
    await runWarmWell(['forget', join(base, 'calls-10', 'log.jsonl'), '--db', 'c.duckdb'], { cwd })
    expect(await costs()).toBe(0.018)
    // A folder in its place takes no file.
    rmSync(join(cwd, 'c.duckdb.sums.json'))
    mkdirSync(join(cwd, 'c.duckdb.sums.json'))
    const { code, stderr } = await runWarm(['ingest', 'log.jsonl', '--db', 'c.duckdb'], { cwd })
    expect(code).toBe(0)
    expect(stderr).toMatch(/^the sums of the status line could not be kept: EISDIR.*\n$/)
    expect(await lineIn(cwd)).toBe('sums of another version: run llmcost ingest\n')
  })

  test('of what came in, only the hours are added up anew', async () => {
    const cwd = await folder()
    const month = async (): Promise<number> =>
      Number(
        (JSON.parse(await lineIn(cwd, '', {}, ['--json'])) as { month: { cost_usd: string } }).month.cost_usd,
      )
    const add = (id: number): Promise<string> => {
      writeFileSync(join(cwd, `${id}.jsonl`), call(id))
      return runWarmWell(['ingest', `${id}.jsonl`, '--db', 'c.duckdb'], { cwd })
    }
    // A sum that no call has stays as long as nobody asks for its hour.
    changed(cwd, (sums) => {
      const sets = sums['sets'] as unknown[][]
      sets[0]!.unshift([Math.floor(Date.now() / 900_000) - 12, 1, 0, '1.000000000000'])
    })
    await add(90)
    expect(await month()).toBe(1.0495)
    // Of a file that is of another state of the database nothing is taken.
    changed(cwd, (sums) => (sums['mark'] = 'another'))
    await add(91)
    expect(await month()).toBe(0.054)
  })

  test('of calls that went into the archive they are the same', async () => {
    const cwd = emptyFolder()
    const days = [0, 1, 2, 3].map((day) => call(day, Date.now() - day * 86_400_000 - 1000))
    writeFileSync(join(cwd, 'log.jsonl'), days.join(''))
    await runWarmWell(['ingest', 'log.jsonl', '--db', 'c.duckdb'], { cwd })
    const before = await lineIn(cwd, told('known'))
    await runWarmWell(['archive', '--older-than', '1d', '--db', 'c.duckdb', '--archive', 'kept'], { cwd })
    // A session may have begun in what is archived.
    expect(await lineIn(cwd, told('known'))).toBe(
      before.replace(/^\S+ session/, "$0.42 session (agent's figure)"),
    )
    await runWarmWell(['archive', '--restore', '--db', 'c.duckdb', '--archive', 'kept'], { cwd })
    expect(await lineIn(cwd, told('known'))).toBe(before)
  })
})

test('an agent that leaves stdin open gets its line all the same, by whatever names the database', async () => {
  const cwd = await folder()
  const child = spawn(process.execPath, [programPath(), 'statusline'], {
    cwd,
    env: { ...pinnedEnv(cwd), LLMCOST_DB: 'c.duckdb', COLUMNS: '' },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.write(told('known').slice(0, 30))
  let stdout = ''
  child.stdout.on('data', (bytes) => (stdout += String(bytes)))
  expect(await new Promise((done) => child.on('close', done))).toBe(0)
  expect(stdout).toBe(`${figures}\n`)
})

test('the config names the database; one that is broken is told in the line', async () => {
  const cwd = await folder()
  const env = { LLMCOST_CONFIG: join(cwd, 'own.yaml') }
  writeFileSync(join(cwd, 'own.yaml'), 'db: c.duckdb\n')
  expect(await runWarmWell(['statusline'], { cwd, env })).toBe(`${figures}\n`)
  writeFileSync(join(cwd, 'own.yaml'), 'dbb: c.duckdb\n')
  expect(await runWarmWell(['statusline'], { cwd, env })).toBe('dbb is not a key that llmcost knows\n')
})
