/** Logs after a question are its `--input`, in every question that has no words of its own. */
import { cpSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import type { CommandSpec } from '../../src/commands/command.js'
import { asksLogs } from '../../src/commands/command.js'
import { loadCommands } from '../../src/commands/registry.js'
import { sharedFolder } from './program.js'
import { runWarm, runWarmWell } from './together.js'

const cwd = sharedFolder()
const sessions = fileURLToPath(new URL('../../fixtures/claude-code/real-day', import.meta.url))
beforeAll(() => {
  mkdirSync(join(cwd, 'logs'))
  cpSync(sessions, join(cwd, 'logs'), { recursive: true })
})

const asking = (specs: readonly CommandSpec[], above = ''): string[] =>
  specs.flatMap((spec) => [
    ...(asksLogs(spec) ? [`${above}${spec.name}`] : []),
    ...asking(spec.subcommands ?? [], `${above}${spec.name} `),
  ])

describe('logs after a question', () => {
  test('are taken by these questions', async () => {
    expect(asking(await loadCommands())).toMatchInlineSnapshot(`
      [
        "report",
        "breakdown",
        "trend",
        "compare",
        "calls",
        "efficiency",
        "cache",
        "quality",
        "latency",
        "errors",
        "anomalies",
        "check",
        "metrics",
        "budget",
        "reconcile",
        "forecast",
        "tiers",
        "plans",
        "caps",
        "optimize",
        "prices check",
        "simulate",
        "send",
        "export calls",
        "export hourly",
        "export report",
        "export focus",
      ]
    `)
  })

  test.each([
    ['a folder', ['logs']],
    ['a folder and a slash', ['logs/']],
    ['a pattern', ['logs/*.jsonl']],
    ['files, one by one', readdirSync(sessions).flatMap((n) => (n.endsWith('l') ? [`logs/${n}`] : []))],
  ])('as %s answer as --input does', async (_, words) => {
    const options = ['--by', 'model', '--json', '--as-of', '2026-02-13', '-q']
    const asked = await runWarmWell(['breakdown', ...options, '--input', 'logs'], { cwd })
    expect(await runWarmWell(['breakdown', ...words, ...options], { cwd })).toBe(asked)
    expect(await runWarmWell([...options.slice(2), 'breakdown', ...words, '--by', 'model'], { cwd })).toBe(
      asked,
    )
    // Known of this day: 152 calls at $10.11 (fixtures/SOURCES.md tells where it is from).
    const { totals } = JSON.parse(asked) as { totals: { calls: number; cost_usd: number } }
    expect([totals.calls, totals.cost_usd.toFixed(2)]).toEqual([152, '10.11'])
  })

  test('and --input are asked together', async () => {
    const [first = '', ...rest] = readdirSync(join(cwd, 'logs')).filter((name) => name.endsWith('.jsonl'))
    const options = ['--by', 'none', '--json', '--as-of', '2026-02-13', '-q']
    const files = rest.flatMap((name) => ['--input', `logs/${name}`])
    const apart = await runWarmWell(['breakdown', `logs/${first}`, ...options, ...files], { cwd })
    expect(apart).toBe(await runWarmWell(['breakdown', 'logs', ...options], { cwd }))
  })

  test('a word that is none is wrong use', async () => {
    const { code, stderr } = await runWarm(['breakdown', 'logs', 'feature'], { cwd })
    expect([code, stderr]).toEqual([
      2,
      'llmcost: feature is no file, folder or pattern of logs\n  Did you mean llmcost breakdown --by feature?\n',
    ])
  })
})
