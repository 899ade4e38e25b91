/** Prometheus itself reads what `llmcost metrics` writes and serves, and the rules and queries shipped with it. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { answerOf } from '../property/exact-json.js'
import { hostileNames } from '../property/exposed-model.js'
import { runWell, sharedFolder, start } from '../e2e/program.js'
import { freePort } from './free-port.js'
import { alertCases, type AlertCase } from './alert-cases.js'

const cwd = sharedFolder()
const shipped = (name: string): string => fileURLToPath(new URL(`../../grafana/${name}`, import.meta.url))
const alertsFile = shipped('llmcost-alerts.yml')
const promtool = (args: readonly string[], input = ''): string =>
  execFileSync('promtool', args, { cwd, input, encoding: 'utf8' })

interface AlertRule {
  readonly alert: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

const rules = (
  parse(readFileSync(alertsFile, 'utf8')) as { groups: { rules: AlertRule[] }[] }
).groups.flatMap((group) => group.rules)

const minuteMs = 60_000
let written = 0

/** A log line of a call some time ago. */
function call(ago: number, more: Readonly<Record<string, unknown>> = {}): string {
  const i = written++
  return JSON.stringify({
    timestamp: new Date(Date.now() - ago).toISOString(),
    request_id: `r${i}`,
    provider: 'openai',
    model: i % 3 === 0 ? 'gpt-4o' : 'gpt-4o-mini',
    feature: i % 2 === 0 ? 'search' : 'chat',
    input_tokens: 2000 + i,
    cached_tokens: 500,
    output_tokens: 300,
    latency_ms: 300 + ((i * 37) % 5000),
    status: i % 20 === 0 ? 'error' : 'ok',
    cache_hit: i % 5 === 0,
    ...more,
  })
}

/** Three weeks of calls, up to now: enough for a forecast and for what is usual. */
const past = (): string[] => Array.from({ length: 21 * 24 }, (_, i) => call((21 * 24 - i) * 60 * minuteMs))

const env = { LLMCOST_DB: join(cwd, 'costs.duckdb') }
const log = join(cwd, 'calls.jsonl')

async function ingest(lines: readonly string[]): Promise<void> {
  appendFileSync(log, lines.map((line) => `${line}\n`).join(''))
  await runWell(['ingest', log, '--quiet'], { cwd, env })
}

beforeAll(() => ingest(past()))

describe('promtool', () => {
  test('check metrics: no name, type or value that Prometheus would not take', async () => {
    const strange = hostileNames.map((feature) => call(minuteMs, { feature, model: feature || 'none' }))
    const text = await runWell(['metrics', '--budget', '300', '--input', '-'], {
      cwd,
      input: `${strange.join('\n')}\n`,
    })
    expect(promtool(['check', 'metrics', '--extended'], text)).toContain('llmcost_requests_total')
    const stored = await runWell(['metrics', '--budget', '300'], { cwd, env })
    promtool(['check', 'metrics'], stored)
  })

  test('check rules', () => {
    expect(promtool(['check', 'rules', '--lint=all', '--lint-fatal', alertsFile])).toContain(
      `${rules.length} rules found`,
    )
  })

  test('every alert is tested where it fires and where it does not', () => {
    for (const { alert } of rules) {
      const own = alertCases.filter((one) => one.alert === alert)
      expect(
        own.some(({ fires }) => fires !== undefined),
        alert,
      ).toBe(true)
      expect(
        own.some(({ fires }) => fires === undefined),
        alert,
      ).toBe(true)
    }
  })

  test.each(alertCases.map((one): [string, AlertCase] => [`${one.alert}: ${one.about}`, one]))(
    'test rules: %s',
    (_, one) => {
      const rule = rules.find(({ alert }) => alert === one.alert)!
      const expected = one.fires && {
        exp_labels: { ...rule.labels, ...one.fires.labels },
        exp_annotations: { ...rule.annotations, description: one.fires.description },
      }
      const file = join(cwd, 'alert.test.yml')
      const series = Object.entries(one.series).map(([name, values]) => ({ series: name, values }))
      writeFileSync(
        file,
        stringify({
          rule_files: [alertsFile],
          evaluation_interval: one.at > 1000 ? '5m' : '1m',
          tests: [
            {
              interval: '1m',
              input_series: series,
              alert_rule_test: [
                {
                  eval_time: `${one.at}m`,
                  alertname: one.alert,
                  exp_alerts: expected === undefined ? [] : [expected],
                },
              ],
            },
          ],
        }),
      )
      expect(promtool(['test', 'rules', file])).toContain('SUCCESS')
    },
  )
})

describe('a server that scrapes', () => {
  const children: ChildProcess[] = []
  let api = ''

  beforeAll(async () => {
    const served = start(['metrics', '--listen', '127.0.0.1:0', '--budget', '300'], { cwd, env })
    children.push(served)
    const port = await told(served, /listening on http:\/\/127\.0\.0\.1:(\d+)\/metrics/)
    const own = await freePort()
    writeFileSync(
      join(cwd, 'prometheus.yml'),
      stringify({
        // A scrape that a busy machine answers too late makes every series stale until the next one.
        global: { scrape_interval: '3s', scrape_timeout: '3s', evaluation_interval: '3s' },
        rule_files: [alertsFile],
        scrape_configs: [{ job_name: 'llmcost', static_configs: [{ targets: [`127.0.0.1:${port}`] }] }],
      }),
    )
    const prometheus = spawn(
      'prometheus',
      [
        '--config.file=prometheus.yml',
        `--storage.tsdb.path=${join(cwd, 'tsdb')}`,
        `--web.listen-address=127.0.0.1:${own}`,
      ],
      { cwd, stdio: ['ignore', 'ignore', 'pipe'] },
    )
    children.push(prometheus)
    api = `http://127.0.0.1:${own}/api/v1`
    await until(async () => (await values('llmcost_requests_total')).length > 0)
    // Rates need calls between scrapes.
    for (let round = 0; round < 4; round++) {
      await ingest(Array.from({ length: 20 }, (_, i) => call(i * 100)))
      const seen = Number((await total())['calls'])
      await until(async () => (await values('sum(llmcost_requests_total)'))[0] === seen)
    }
  }, 240_000)

  afterAll(async () => {
    await Promise.all(
      children.map(
        (child) =>
          new Promise((done) => {
            if (child.exitCode !== null) return done(undefined)
            child.once('exit', done)
            child.kill('SIGTERM')
          }),
      ),
    )
    // A signal is how it is meant to end.
    expect(children[0]?.exitCode).toBe(0)
  })

  async function asked(path: string, query: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const answer = await fetch(`${api}/${path}?${new URLSearchParams(query).toString()}`)
    const body = (await answer.json()) as { status: string; data?: unknown; error?: string }
    if (body.status !== 'success') throw new Error(`${path} ${JSON.stringify(query)}: ${body.error}`)
    return body.data
  }

  /** The values of an expression now. */
  async function values(query: string): Promise<number[]> {
    const { result } = (await asked('query', { query })) as { result: { value: [number, string] }[] }
    return result.map(({ value }) => Number(value[1]))
  }

  /** The same, and where a late scrape left none, those after the next. */
  async function found(query: string): Promise<number[]> {
    let last: number[] = []
    await until(async () => (last = await values(query)).length > 0)
    return last
  }

  async function total(): Promise<Readonly<Record<string, unknown>>> {
    const columns = [
      'calls',
      'cost_usd',
      'input_tokens',
      'failed_calls',
      'cache_hits',
      'timed_provider_calls',
    ]
    const args = ['breakdown', '--by', 'none', '--columns', columns.join(','), '--json']
    return answerOf(await runWell(args, { cwd, env })).rows[0]!
  }

  async function until(holds: () => Promise<boolean>): Promise<void> {
    for (const end = Date.now() + 60_000; ;) {
      if (await holds().catch(() => false)) return
      if (Date.now() > end) throw new Error(`it never came: ${JSON.stringify(await asked('targets'))}`)
      await new Promise((done) => setTimeout(done, 500))
    }
  }

  test('its sums are those of the database', async () => {
    const all = await total()
    for (const [query, column] of [
      ['sum(llmcost_requests_total)', 'calls'],
      ['sum(llmcost_cost_usd_total)', 'cost_usd'],
      ['sum(llmcost_tokens_total{type="input"})', 'input_tokens'],
      ['sum(llmcost_errors_total)', 'failed_calls'],
      ['sum(llmcost_cache_hits_total)', 'cache_hits'],
      ['sum(llmcost_request_duration_seconds_count)', 'timed_provider_calls'],
    ] as const) {
      const [value] = await found(query)
      expect(value, query).toBeCloseTo(Number(all[column]), 9)
      expect(value, query).toBeGreaterThan(0)
    }
    await until(async () => (await values('up'))[0] === 1)
    expect(await values('sum(resets(llmcost_requests_total[10m]))')).toEqual([0])
  })

  test('it takes every rule', async () => {
    const { groups } = (await asked('rules')) as {
      groups: { rules: { name: string; health: string; lastError?: string }[] }[]
    }
    const taken = groups.flatMap((group) => group.rules)
    expect(taken.map(({ name }) => name)).toEqual(rules.map(({ alert }) => alert))
    expect(taken.filter(({ lastError }) => lastError)).toEqual([])
  })

  const page = JSON.parse(readFileSync(shipped('llmcost-dashboard.json'), 'utf8')) as {
    panels: { title: string; targets: { expr: string; legendFormat: string }[] }[]
    templating: { list: { name: string; type: string; query: { query: string } }[] }
  }
  const drawn = page.panels.flatMap(({ title, targets }) =>
    targets.map(({ expr, legendFormat }): [string, string] => [`${title}: ${legendFormat}`, expr]),
  )

  test.each(drawn)('panel %s', async (_, expr) => {
    const query = expr
      .replaceAll('$__rate_interval', '30s')
      .replaceAll('$__range', '5m')
      .replaceAll(/\$(provider|model|feature)\b/g, '.*')
    expect(query).not.toContain('$')
    const drawnValues = await found(query)
    for (const value of drawnValues) expect(Number.isFinite(value)).toBe(true)
    if (/requests|errors|Cost|Tokens|Latency|Calls by/.test(_) && !/price|Unusual/.test(_))
      expect(Math.max(...drawnValues)).toBeGreaterThan(0)
  })

  test('every choice of the dashboard has values', async () => {
    const variables = page.templating.list.filter(({ type }) => type === 'query')
    expect(variables.length).toBeGreaterThan(0)
    for (const { query } of variables) {
      const [, name = ''] = /^label_values\(llmcost_requests_total, (\w+)\)$/.exec(query.query) ?? []
      expect(await asked(`label/${name}/values`)).not.toEqual([])
    }
  })
})

/** The first group of a pattern that the program writes to stderr. */
function told(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    child.stderr!.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8')
      const found = pattern.exec(text)?.[1]
      if (found !== undefined) resolve(found)
    })
    child.once('exit', () => reject(new Error(text)))
  })
}
