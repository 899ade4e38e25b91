/**
 * The story of docs/story.md: the page's own service with its own config, a provider on loopback, and a user whose script
 * loops. With the guard, and without. Every figure of the page is one of these runs.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { emptyFolder, pinnedEnv, programPath, sharedFolder } from './program.js'
import { runWarm, runWarmWell } from './together.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(join(root, 'docs/story.md'), 'utf8')
const block = (language: string): string =>
  new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(page)?.[1] ?? ''

/** Counts four letters as a token, and answers with 700 tokens, or 50 to a short text. */
const provider = createServer((request, response) => void answer(request, response))

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { model, messages, max_tokens: most } = JSON.parse(await text(request)) as { model: string; max_tokens: number; messages: { content: string }[] } // prettier-ignore
  const prompt = Math.ceil((messages[0]?.content.length ?? 0) / 4)
  const completion = Math.min(most, prompt > 1000 ? 700 : 50)
  const usage = { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion }
  const message = { role: 'assistant', content: 'In short.' }
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ id: `chatcmpl-${answered++}`, object: 'chat.completion', created: 1, model, choices: [{ index: 0, message, finish_reason: 'stop' }], usage })) // prettier-ignore
}
let answered = 0
let url = ''
beforeAll(async () => {
  await new Promise<void>((done) => provider.listen(0, '127.0.0.1', done))
  url = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`
})
afterAll(() => {
  provider.closeAllConnections()
  provider.close()
})

/** A zone in which it is midday: no day ends while the test runs. */
const zone = (): string => {
  const ahead = 12 - new Date().getUTCHours()
  return ahead === 0 ? 'UTC' : `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`
}

/** The service of the page, in a folder of its own. */
async function service(
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<{ child: ChildProcess; at: string }> {
  mkdirSync(join(cwd, 'node_modules'))
  symlinkSync(dirname(dirname(programPath())), join(cwd, 'node_modules', 'llmcost'))
  for (const name of ['hono', '@hono', 'openai'])
    symlinkSync(join(root, 'node_modules', name), join(cwd, 'node_modules', name))
  writeFileSync(join(cwd, 'service.mjs'), block('js'))
  writeFileSync(join(cwd, 'llmcost.config.yaml'), block('yaml').replace('tz: UTC', `tz: ${zone()}`))
  const child = spawn(process.execPath, ['service.mjs'], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...pinnedEnv(cwd), OPENAI_API_KEY: 'k', OPENAI_BASE_URL: url, PORT: '0', ...env },
  })
  const port = await new Promise((told) =>
    child.stdout.once('data', (data: Buffer) => told(data.toString().trim())),
  )
  return { child, at: `http://127.0.0.1:${String(port)}/summary` }
}

interface Asked {
  readonly status: number
  readonly user: string
  readonly retryAfter: string | null
}

async function evening(at: string): Promise<Asked[]> {
  const asked: Asked[] = []
  const ask = async (user: string, letters: number): Promise<void> => {
    const body = JSON.stringify({ user, text: 'x'.repeat(letters) })
    const response = await fetch(at, { method: 'POST', body })
    await response.arrayBuffer()
    asked.push({ status: response.status, user, retryAfter: response.headers.get('retry-after') })
  }
  const robot = Array.from({ length: 8 }, async () => {
    for (let i = 0; i < 50; i++) await ask('robo-7', 40_000)
  })
  const others = Array.from({ length: 10 }, async (_, user) => {
    for (let i = 0; i < 3; i++) await ask(`user-${user}`, 3600)
  })
  await Promise.all([...robot, ...others])
  return asked
}

const ended = (child: ChildProcess): Promise<unknown> => new Promise((done) => child.once('exit', done))

/** What each user cost, as the program tells it: exact decimals. */
async function costs(cwd: string): Promise<ReadonlyMap<string, bigint>> {
  const rows = await runWarmWell(['sql', 'SELECT user_id, sum(cost_usd) AS usd FROM calls GROUP BY user_id', '--db', 'calls.duckdb', '--format', 'csv'], { cwd }) // prettier-ignore
  return new Map(
    rows.trim().split('\n').slice(1).map((row) => {
      const [user = '', usd = ''] = row.split(',')
      const [whole = '', fraction = ''] = usd.split('.')
      return [user, BigInt(whole + fraction.padEnd(12, '0'))]
    }),
  ) // prettier-ignore
}

/** `$1.984` */
const dollars = (picos: bigint): string => {
  const [whole = '', fraction = ''] = [picos / 10n ** 12n, String(picos % 10n ** 12n).padStart(12, '0')].map(
    String,
  )
  return `$${whole}.${fraction.replace(/0+$/, '').padEnd(2, '0')}`
}

const figures = (asked: readonly Asked[], cost: ReadonlyMap<string, bigint>): Record<string, string> => {
  const robot = cost.get('robo-7') ?? 0n
  const all = [...cost.values()].reduce((sum, one) => sum + one, 0n)
  return {
    requests: String(asked.length),
    answered: String(asked.filter(({ status }) => status === 200).length),
    'refused with 429': String(asked.filter(({ status }) => status === 429).length),
    'cost of robo-7': dollars(robot),
    'cost of all others': dollars(all - robot),
    cost: dollars(all),
  }
}

interface Fired {
  readonly rule: string
  readonly value: string
  readonly measured: string
}

/** What `llmcost check` says, which must end with exit code 3. */
async function fired(cwd: string): Promise<Fired[]> {
  const { stdout, code } = await runWarm(['check', '--db', 'calls.duckdb', '--json'], { cwd })
  expect(code).toBe(3)
  return (JSON.parse(stdout) as { rows: Fired[] }).rows
}

test('the guard stops a runaway user at his cap, the log is read as it grows, and check, breakdown and report name him', async () => {
  const cwd = sharedFolderOf('guarded')
  const { child, at } = await service(cwd, {})
  mkdirSync(join(cwd, 'llm-calls'), { recursive: true })
  const watch = spawn(process.execPath, [programPath(), 'watch', 'llm-calls', '--db', 'calls.duckdb'], { cwd, env: pinnedEnv(cwd), stdio: ['ignore', 'ignore', 'pipe'] }) // prettier-ignore
  let said = ''
  watch.stderr.on('data', (data: Buffer) => (said += data.toString()))
  const guarded = await evening(at)
  const cameIn = (): number =>
    [...said.matchAll(/(\d+) calls? came in/g)].reduce((sum, [, n]) => sum + Number(n), 0)
  for (let tries = 0; cameIn() < 92 && tries < 600; tries++) await sleep(50)
  expect(cameIn()).toBe(92)
  child.kill('SIGTERM')
  watch.kill('SIGINT')
  await Promise.all([ended(child), ended(watch)])
  const withGuard = await costs(cwd)

  const loose = emptyFolder()
  const other = await service(loose, { GUARD: 'off' })
  const unguarded = await evening(other.at)
  other.child.kill('SIGTERM')
  await ended(other.child)
  await runWarmWell(['ingest', 'llm-calls', '--db', 'calls.duckdb'], { cwd: loose })
  const without = await costs(loose)

  // The page has these figures, and no others.
  const [left, right] = [figures(guarded, withGuard), figures(unguarded, without)]
  const rows = Object.keys(left).map((name) => `| ${name} | ${left[name]} | ${right[name]} |`)
  expect(page).toContain(`|---|---|---|\n${rows.join('\n')}\n\n`)
  const total = (cost: ReadonlyMap<string, bigint>): bigint =>
    [...cost.values()].reduce((sum, one) => sum + one, 0n)
  expect(page).toContain(`The difference of one evening is **${dollars(total(without) - total(withGuard))}**`)

  // Nobody else was refused; he was, up to the end of the day.
  const refused = guarded.filter(({ status }) => status === 429)
  expect(new Set(refused.map(({ user }) => user))).toEqual(new Set(['robo-7']))
  const waits = refused.map(({ retryAfter }) => Number(retryAfter))
  expect(Math.max(...waits)).toBeGreaterThan(3600)
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(1)
  expect(withGuard.get('robo-7')).toBeLessThanOrEqual(2n * 10n ** 12n)
  // A call more could have gone beyond.
  expect(withGuard.get('robo-7')! + 33_000_000_000n).toBeGreaterThan(2n * 10n ** 12n)

  const told = await fired(cwd)
  expect(told.map(({ rule, value }) => [rule, value])).toEqual([['near-the-cap', 'robo-7']])
  expect(Number(told[0]?.measured)).toBe(1.984)
  expect(new Set((await fired(loose)).map(({ rule, value }) => `${rule} ${value}`))).toEqual(new Set(['near-the-cap robo-7', 'user_caps robo-7'])) // prettier-ignore
  const report = await runWarmWell(['report', '--since', '1d', '--db', 'calls.duckdb'], { cwd })
  expect(report).toContain('robo-7')
  // What the limiter on trial says of the calls without the guard is what the guard did.
  const { stdout } = await runWarm(['caps', '--replay', '--reserve', '--db', 'calls.duckdb', '--json', '--as-of', 'latest'], { cwd: loose }) // prettier-ignore
  const { sections } = JSON.parse(stdout) as { sections: { rows: { refused_calls: number }[] }[] }
  expect(sections[0]?.rows[0]?.refused_calls).toBe(338)
}, 120_000)

const sharedFolderOf = (name: string): string => {
  const folder = join(home, name)
  mkdirSync(folder)
  return folder
}
const home = sharedFolder()
