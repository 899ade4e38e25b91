/** The guard as an application installs it: both kinds of modules, its types, and the examples of its pages. */
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { Provider } from '../unit/track/provider.js'
import { emptyFolder, programPath } from './program.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const packages = join(root, 'node_modules')

/** An application in a folder of its own, which has the package installed, and others. */
function application(files: Readonly<Record<string, string>>, others: readonly string[] = []): string {
  const folder = emptyFolder()
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(dirname(dirname(programPath())), join(folder, 'node_modules', 'llmcost'))
  for (const name of others) symlinkSync(join(packages, name), join(folder, 'node_modules', name))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

const ran = (cwd: string, name: string, env = {}): string =>
  execFileSync(process.execPath, [name], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, HOME: cwd, ...env },
  })

const config = "{ user_caps: { daily_usd: 0.02 }, tz: 'Europe/Berlin' }"
const asked = "{ user: 'ada', model: 'gpt-4o', inputTokens: 1000, maxOutputTokens: 1000 }"
const calls = `
  const guard = await createGuard({ config: ${config} })
  const first = await guard.check(${asked})
  await guard.settle(first.reservation, { inputTokens: 1000, outputTokens: 1000 })
  const { allowed, reason } = await guard.check(${asked})
  console.log(first.reservation.amount, allowed, reason.spentUsd)`
const told = '12500000 false 0.012500000000\n'

test('modules of both kinds have it, and it loads neither the database nor the program', () => {
  const cwd = application({
    'app.mjs': `import { createGuard } from 'llmcost/guard'\n${calls}\n`,
    'app.cjs': `const { createGuard } = require('llmcost/guard')\n;(async () => {${calls}
  const loaded = Object.keys(require.cache).map((path) => path.replaceAll('\\\\', '/'))
  console.log(loaded.filter((path) => /duckdb|commander|\\/llmcost\\/dist\\/(?!guard)/.test(path)).join() || 'nothing else')
})()\n`,
  })
  expect([ran(cwd, 'app.mjs'), ran(cwd, 'app.cjs')]).toEqual([told, `${told}nothing else\n`])
})

test('its types are right in modules of both kinds, and take the clients of Redis', () => {
  const typed = (imports: string): string => `${imports}
export async function ask(): Promise<string | null> {
  const guard: Guard = await createGuard({
    config: { tz: 'UTC', user_caps: { daily_usd: 5 } },
    store: redisStore(new Redis()),
    onEvent: (event) => void (event.kind === 'store_failed' && event.error.message),
  })
  await createGuard({ config: 'x.yaml', store: redisStore(createClient(), { prefix: 'p' }) })
  const decision: Decision = await guard.check({ model: 'gpt-4o', inputTokens: 1, user: undefined, tags: { a: 1 } })
  if (!decision.allowed) return \`\${decision.reason.message} \${decision.retryAfterSeconds?.toFixed()}\`
  await guard.settle(decision.reservation, { outputTokens: 3, costUsd: '0.1' })
  // @ts-expect-error a model is needed
  await guard.check({ inputTokens: 1 })
  // @ts-expect-error counts are numbers
  await guard.settle(decision.reservation, { outputTokens: '3' })
  return decision.reason?.kind ?? null
}
`
  const names =
    "import { createGuard, redisStore, type Decision, type Guard } from 'llmcost/guard'\nimport { Redis } from 'ioredis'\n"
  const bare =
    "import * as guard from 'llmcost/guard'\nexport const store: guard.GuardStore = guard.memoryStore()\n"
  const cwd = application(
    {
      'a.mts': typed(`${names}import { createClient } from 'redis'`),
      'b.cts': typed(`${names}import { createClient } from 'redis'`),
      'c.mts': bare,
      'd.cts': bare,
    },
    ['ioredis', 'redis', '@types'],
  )
  const checked = (files: readonly string[], more: readonly string[]): string => {
    const options = [
      '--noEmit',
      '--strict',
      '--exactOptionalPropertyTypes',
      '--module',
      'nodenext',
      '--target',
      'es2022',
    ]
    try {
      return execFileSync(process.execPath, [join(packages, 'typescript/bin/tsc'), ...options, ...more, ...files], { cwd, encoding: 'utf8' }) // prettier-ignore
    } catch (error) {
      return (error as { stdout: string }).stdout
    }
  }
  expect(checked(['a.mts', 'b.cts'], ['--types', 'node', '--skipLibCheck'])).toBe('')
  expect(checked(['c.mts', 'd.cts'], ['--types', ''])).toBe('')
})

test('the first example of its page asks the provider, and that of the README is let through', async () => {
  const [page, readme] = ['docs/guard.md', 'README.md'].map((path) => readFileSync(join(root, path), 'utf8'))
  const [example = ''] = [...page!.matchAll(/```js\n(.*?)```/gs)].map(([, source]) => source!)
  const [yaml = ''] = [...page!.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text!)
  const own = [...readme!.matchAll(/```js\n(.*?)```/gs)].find(([, source]) =>
    source!.includes('llmcost/guard'),
  )
  const cwd = application(
    {
      'llmcost.config.yaml': yaml,
      'tiers.csv': 'user_id,tier\nu42,free\n',
      'app.mjs': example,
      'readme.mjs': `${own?.[1]}\nconsole.log(allowed)\n`,
    },
    ['openai'],
  )
  const provider = await new Provider().start()
  // The provider answers from this process.
  const child = spawn(process.execPath, ['app.mjs'], { cwd, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, HOME: cwd, OPENAI_API_KEY: 'k', OPENAI_BASE_URL: `${provider.url}/v1` } }) // prettier-ignore
  let out = ''
  child.stdout.on('data', (data: Buffer) => (out += data.toString()))
  await new Promise((done) => child.once('close', done))
  provider.stop()
  expect(out).toContain('status: 200')
  expect(ran(cwd, 'readme.mjs')).toBe('true\n')
})
