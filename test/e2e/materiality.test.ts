/**
 * No hidden floor: a feature at $71.60 in an hour where nothing is usual is told in a company of $12,000 a week, and
 * in one of ten times that as soon as an option, `bounds` or a rule says so.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { numbers } from '../numbers.js'
import { sharedFolder } from './program.js'
import { runWarm, runWarmWell } from './together.js'

const hour = 3_600_000
const now = Date.parse('2026-10-14T11:00:00Z')
const cwd = sharedFolder()

/** Five weeks of so many dollars each, evenly, and 40 calls of a feature that was hardly used, $1.79 each. */
function log(weekUsd: number): string {
  const random = numbers(7)
  const rows: string[] = []
  const add = (at: number, feature: string, usd: number): void =>
    void rows.push([new Date(at + random() * hour).toISOString(), feature, usd.toFixed(6)].join(','))
  for (let at = now - 35 * 24 * hour; at < now; at += hour) {
    for (let i = 0; i < 20; i++)
      add(at, i % 2 === 0 ? 'chat' : 'search', (weekUsd / 168 / 20) * (0.8 + 0.4 * random()))
    if ((at / hour) % 4 === 0) add(at, 'documents', 0.002)
  }
  for (let i = 0; i < 40; i++) add(now - hour, 'documents', 1.79)
  return `timestamp,feature,cost_usd\n${rows.toSorted().join('\n')}\n`
}

const rule = '{ kind: unusual_cost, by: feature }'

beforeAll(async () => {
  writeFileSync(join(cwd, 'small.csv'), log(12_000))
  writeFileSync(join(cwd, 'large.csv'), log(120_000))
  await runWarmWell(['ingest', 'small.csv', '--db', 'small.duckdb'], { cwd })
  await runWarmWell(['ingest', 'large.csv', '--db', 'large.duckdb'], { cwd })
  writeFileSync(join(cwd, 'plain.yaml'), `rules: [${rule}]\n`)
  writeFileSync(join(cwd, 'keen.yaml'), `bounds: { anomaly_min_share: 0.001 }\nrules: [${rule}]\n`)
  writeFileSync(
    join(cwd, 'keen-rule.yaml'),
    'rules: [{ kind: unusual_cost, by: feature, min_share: 0.1%, min_usd: 5 }]\n',
  )
  writeFileSync(
    join(cwd, 'dull-rule.yaml'),
    `bounds: { anomaly_min_share: 0.001 }\nrules: [{ kind: unusual_cost, by: feature, min_share: 2% }]\n`,
  )
})

const at = ['--as-of', new Date(now).toISOString()]

async function told(size: string, ...options: string[]): Promise<unknown[]> {
  const args = ['anomalies', '--since', '24h', ...at, '--json', '--db', `${size}.duckdb`, ...options]
  const { incidents } = JSON.parse(await runWarmWell(args, { cwd })) as { incidents: { value: string }[] }
  return incidents.map(({ value }) => value)
}

async function alerts(size: string, config: string): Promise<boolean> {
  const args = ['check', ...at, '--json', '--db', `${size}.duckdb`, '--config', config]
  return (await runWarm(args, { cwd })).stdout.includes('feature documents cost $71.6')
}

describe('in a company of $12,000 a week', () => {
  test('anomalies and check tell it', async () => {
    expect(await told('small')).toEqual(['documents'])
    expect(await alerts('small', 'plain.yaml')).toBe(true)
  })

  test('options and bounds silence it', async () => {
    expect(await told('small', '--min-usd', '72')).toEqual([])
    expect(await told('small', '--min-share', '5%')).toEqual([])
    writeFileSync(join(cwd, 'dear.yaml'), `bounds: { anomaly_min_usd: 72 }\nrules: [${rule}]\n`)
    expect(await told('small', '--config', 'dear.yaml')).toEqual([])
    expect(await alerts('small', 'dear.yaml')).toBe(false)
    writeFileSync(join(cwd, 'numb.yaml'), `bounds: { anomaly_sensitivity: 0.01 }\nrules: [${rule}]\n`)
    expect(await told('small', '--config', 'numb.yaml')).toEqual([])
    expect(await told('small', '--config', 'numb.yaml', '--sensitivity', 'normal')).toEqual(['documents'])
    expect(await alerts('small', 'numb.yaml')).toBe(false)
  })
})

describe('in a company of ten times that', () => {
  test('it is silent, and told by option, by bounds and by the rule', async () => {
    expect(await told('large')).toEqual([])
    expect(await told('large', '--min-share', '0.1%')).toEqual(['documents'])
    expect(await told('large', '--config', 'keen.yaml')).toEqual(['documents'])
    expect(await told('large', '--config', 'keen.yaml', '--min-share', '2%')).toEqual([])
    expect(await alerts('large', 'plain.yaml')).toBe(false)
    expect(await alerts('large', 'keen.yaml')).toBe(true)
    expect(await alerts('large', 'keen-rule.yaml')).toBe(true)
    expect(await alerts('large', 'dull-rule.yaml')).toBe(false)
  })

  test('report follows bounds', async () => {
    const args = ['report', '--full', '--since', '2d', ...at, '--db', 'large.duckdb', '--config']
    expect(await runWarmWell([...args, 'plain.yaml'], { cwd })).not.toContain('documents: $71.6')
    expect(await runWarmWell([...args, 'keen.yaml'], { cwd })).toContain('documents: $71.6')
  })

  test('--explain prints each', async () => {
    const args = ['anomalies', '--explain', '2026-10-14T10:00', '--series', 'feature=documents', ...at]
    const text = await runWarmWell([...args, '--db', 'large.duckdb', '--config', 'keen.yaml'], { cwd })
    expect(text.replaceAll(/\s+/g, ' ')).toMatch(
      /smallest excess: \$0\.10 \(--min-usd\) and 0\.1% of a usual day in an hour \(--min-share\), here \$17\.\d+, \$[\d.]+, \$[\d.]+, \$10\d\.?\d*; sensitivity: 1 \(--sensitivity\)/,
    )
  })
})
