/** Settings from the environment and the config file, and `init`, as a person meets them. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { configKeys } from '../../../src/config/keys.js'
import { configTemplate } from '../../../src/config/template.js'
import { knownNames } from '../../../src/commands/known-names.js'
import { emptyFolder, sharedFolder } from '../../e2e/program.js'
import { runWarm, runWarmWell } from '../../e2e/together.js'
import { expectRecorded } from './recorded.js'

const call =
  '{"ts": "2026-10-01T08:00:00Z", "model": "gpt-4o", "user": "u1", "input_tokens": 100, "output_tokens": 10}\n'

describe('mistakes', () => {
  const cwd = sharedFolder()
  const question = ['breakdown', '--input', 'calls.jsonl']
  test.each([
    ['env-tz', { LLMCOST_TZ: 'Mars/Base' }],
    ['env-format', { LLMCOST_FORMAT: 'tabel' }],
    ['env-lock-timeout', { LLMCOST_LOCK_TIMEOUT: 'soon' }],
    ['env-memory-limit', { LLMCOST_MEMORY_LIMIT: 'much' }],
    ['env-config-folder', { LLMCOST_CONFIG: '.' }],
    ['env-config-budget', { LLMCOST_CONFIG: 'budget.yaml' }],
    ['env-config-escape', { LLMCOST_CONFIG: 'escape.json' }],
  ])('%s', async (name, env) => {
    writeFileSync(join(cwd, 'calls.jsonl'), call)
    writeFileSync(join(cwd, 'budget.yaml'), 'tz: UTC\nbudgets:\n  - monthly: lots\n')
    writeFileSync(join(cwd, 'escape.json'), '{"\\u001b[31mred": 1}')
    await expectRecorded(`config-${name}`, question, { cwd, env })
  })

  test('two config files', async () => {
    const folder = emptyFolder()
    writeFileSync(join(folder, 'llmcost.config.json'), '{}')
    writeFileSync(join(folder, 'llmcost.config.yaml'), '')
    await expectRecorded('config-two', ['status'], { cwd: folder })
    expect((await runWarm(['--help'], { cwd: folder })).code).toBe(0)
  })
})

describe('what wins', () => {
  test('flag, environment, config file, default', async () => {
    const cwd = emptyFolder()
    writeFileSync(join(cwd, 'calls.jsonl'), call)
    const zone = async (args: readonly string[], env: Record<string, string> = {}): Promise<unknown> => {
      const answer = await runWarmWell(['breakdown', '--input', 'calls.jsonl', ...args], { cwd, env })
      return (JSON.parse(answer) as { period: { tz: string } }).period.tz
    }
    expect(await zone(['--json'])).toBe('UTC')
    writeFileSync(join(cwd, 'llmcost.config.yaml'), 'tz: Asia/Kolkata\nformat: json\n')
    const env = { LLMCOST_TZ: 'Europe/Berlin' }
    expect(await zone([])).toBe('Asia/Kolkata')
    expect(await zone([], env)).toBe('Europe/Berlin')
    expect(await zone(['--tz', 'UTC'], env)).toBe('UTC')
    expect(await zone([], { LLMCOST_CONFIG: '/dev/null', LLMCOST_FORMAT: 'json' })).toBe('UTC')
  })
})

describe('init', () => {
  test('writes a file that changes nothing', async () => {
    const cwd = emptyFolder()
    await expectRecorded('init', ['init'], { cwd })
    const written = readFileSync(join(cwd, 'llmcost.config.yaml'), 'utf8')
    expect(written).toBe(configTemplate('.yaml', configKeys(await knownNames())))
    await expectRecorded('init-again', ['init'], { cwd })
    await expectRecorded('init-second', ['init', '--format', 'json'], { cwd })
    await expectRecorded('init-force', ['init', '--force'], { cwd })
    mkdirSync(join(cwd, 'below'))
    const below = await runWarmWell(['init', '--format', 'json'], { cwd: join(cwd, 'below') })
    expect(below).toContain(`Here it now holds in place of ${cwd}/llmcost.config.yaml.\n`)
  })

  test.each([
    ['named', ['init', 'settings.json']],
    ['ending', ['init', 'settings.ini']],
    ['two-formats', ['init', 'settings.json', '--format', 'yaml']],
    ['no-folder', ['init', 'none/llmcost.config.yaml']],
    ['unknown-format', ['init', '--format', 'xml']],
  ])('%s', (name, args) => expectRecorded(`init-${name}`, args, { cwd: emptyFolder() }))

  test('names the schema of the package that is installed beside it', async () => {
    const cwd = emptyFolder()
    const schema = 'node_modules/llmcost/schema'
    mkdirSync(join(cwd, schema), { recursive: true })
    mkdirSync(join(cwd, 'ci'))
    writeFileSync(join(cwd, schema, 'llmcost.config.schema.json'), '{}')
    const first = async (file: string): Promise<string | undefined> => {
      await runWarmWell(['init', file], { cwd })
      const lines = readFileSync(join(cwd, file), 'utf8').split('\n')
      return lines.find((line) => line.includes('schema'))
    }
    const path = `${schema}/llmcost.config.schema.json`
    expect(await first('llmcost.config.yaml')).toBe(`# yaml-language-server: $schema=./${path}`)
    expect(await first('ci/x.json')).toBe(`  "$schema": "../${path}",`)
    await runWarmWell(['prices', 'gpt-4o'], { cwd, env: { LLMCOST_CONFIG: 'ci/x.json' } })
  })

  test.skipIf(process.getuid?.() === 0 || process.platform === 'win32')(
    'a folder that is closed',
    async () => {
      const cwd = emptyFolder()
      execFileSync('chmod', ['500', cwd])
      expect((await runWarm(['init'], { cwd })).code).toBe(1)
    },
  )
})
