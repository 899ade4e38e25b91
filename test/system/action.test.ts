/**
 * The steps of action.yml, run as a runner of GitHub runs them: one bash after another with `-e` and `pipefail`,
 * inputs put into the environment that a step names, a file for the summary, and no step after one that failed.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, inject, test } from 'vitest'
import { parse } from 'yaml'
import { emptyFolder, sharedFolder } from '../e2e/program.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

interface Step {
  readonly name: string
  readonly if?: string
  readonly shell: string
  readonly env: Readonly<Record<string, string>>
  readonly run: string
}

const action = parse(readFileSync(join(root, 'action.yml'), 'utf8')) as {
  readonly inputs: Readonly<Record<string, { readonly default?: string; readonly required?: boolean }>>
  readonly runs: { readonly using: string; readonly steps: readonly Step[] }
}

/** Of this machine: another prefix would have npm look for it elsewhere. */
const globalConfig = execFileSync('npm', ['config', 'get', 'globalconfig'], { encoding: 'utf8' }).trim()

/** Where npm puts what it installs for all: one for all jobs, since it takes a while. */
const prefix = sharedFolder()

interface Job {
  /** What each step that ran ended with, by its name. */
  readonly steps: Readonly<Record<string, number>>
  readonly summary: string
  readonly said: string
}

const installing = action.runs.steps.filter(({ name }) => name === 'Install')
const working = action.runs.steps.filter(({ name }) => name !== 'Install')

beforeAll(() => {
  expect(action.runs.steps.slice(0, 1)).toEqual(installing)
  expect(job({ logs: '' }, {}, installing).steps).toEqual({ Install: 0 })
})

function job(
  inputs: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>> = {},
  list: readonly Step[] = working,
): Job {
  const folder = list === installing ? prefix : emptyFolder()
  const [workspace, temp] = [join(folder, 'workspace'), join(folder, 'temp')]
  for (const made of [workspace, temp]) mkdirSync(made)
  cpSync(join(root, 'fixtures/demo'), join(workspace, 'logs'), { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(workspace, name), text)
  const values = { package: inject('tarball'), ...inputs }
  const input = (name: string): string =>
    (values as Readonly<Record<string, string>>)[name] ?? action.inputs[name]!.default ?? ''
  const filled = (text: string): string =>
    text
      .replaceAll(/\$\{\{ inputs\.(\w+) \}\}/g, (_, name: string) => input(name))
      .replaceAll('${{ runner.temp }}', temp)
  const summary = join(temp, 'summary.md')
  writeFileSync(summary, '')
  const steps: Record<string, number> = {}
  let said = ''
  for (const step of list) {
    const unless = /^inputs\.(\w+) != 'none'$/.exec(step.if ?? '')?.[1]
    if (step.if !== undefined && unless === undefined) throw new Error(`cannot judge: ${step.if}`)
    if (unless !== undefined && input(unless) === 'none') continue
    expect(step.shell).toBe('bash')
    const script = join(temp, 'step.sh')
    writeFileSync(script, step.run)
    const ran = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], {
      cwd: workspace,
      encoding: 'utf8',
      timeout: 240_000,
      env: {
        PATH: [join(prefix, 'bin'), dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter),
        HOME: folder,
        TZ: 'UTC',
        CI: 'true',
        npm_config_prefix: prefix,
        npm_config_globalconfig: globalConfig,
        npm_config_cache: process.env['npm_config_cache'] ?? join(process.env['HOME'] ?? '', '.npm'),
        GITHUB_STEP_SUMMARY: summary,
        ...Object.fromEntries(Object.entries(step.env).map(([name, text]) => [name, filled(text)])),
      },
    })
    steps[step.name] = ran.status ?? -1
    said += ran.stdout + ran.stderr
    if (ran.status !== 0) break
  }
  return { steps, summary: readFileSync(summary, 'utf8'), said }
}

test('it compares as the summary of the job, and passes where no rule fires', () => {
  const { steps, summary } = job({ logs: 'logs' }, {})
  expect(steps).toMatchObject({ Ingest: 0, Compare: 0 })
  expect(summary).toContain('document-analysis')
  expect(summary).toMatch(/^\|/m)
})

test('a rule that fires ends the job with 3, and says so in the summary', () => {
  const rules = 'rules:\n  - { name: dear-feature, kind: cost, over: 20, window: 7d, by: feature }\n'
  const { steps, summary } = job(
    { logs: 'logs\n', config: 'llmcost.config.yaml', compare: 'none' },
    { 'llmcost.config.yaml': rules },
  )
  expect(steps).toEqual({ Ingest: 0, Check: 3 })
  expect(summary).toContain('dear-feature')
})

test('logs that are not there end the job before anything is compared', () => {
  const { steps, summary, said } = job({ logs: 'nothing/*.jsonl' })
  expect(Object.keys(steps)).toEqual(['Ingest'])
  expect(steps['Ingest']).not.toBe(0)
  expect(said).toContain('nothing/*.jsonl')
  expect(summary).toBe('')
})

test('no input is put into a script, where it could act', () => {
  const scripts = action.runs.steps.map(({ run }) => run).join('\n')
  expect(scripts).not.toContain('${{')
  const { steps, said } = job({ logs: 'logs', compare: '$(touch owned)', check: 'none' })
  expect(steps['Compare']).not.toBe(0)
  expect(said).toContain('$(touch')
})
