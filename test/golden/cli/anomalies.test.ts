/** `llmcost anomalies`: the demo log's story, one hour explained, the textbook, and what can go wrong. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe } from 'vitest'
import { demoIn } from '../../e2e/demo.js'
import { sharedFolder } from '../../e2e/program.js'
import { testLooks, testQuestions } from './recorded.js'

const cwd = sharedFolder()
const env = { LLMCOST_DB: 'demo.duckdb' }

beforeAll(async () => {
  await demoIn(cwd)
  writeFileSync(join(cwd, 'dear.csv'), dear())
})

/** Ten days of a call every half hour; on the last day one dear call, and a new feature. */
function dear(): string {
  const lines = Array.from({ length: 480 }, (_, i) => {
    const ts = new Date(Date.UTC(2026, 8, 1) + i * 1_800_000).toISOString()
    const cost = i === 470 ? '7.5' : `0.0${10 + (i % 7)}`
    return `${ts},u${i % 3},chat,${cost}`
  })
  const fresh = Array.from({ length: 8 }, (_, i) => `2026-09-10T1${i}:10:00Z,u1,agents,0.4`)
  return ['timestamp,user,feature,cost_usd', ...lines, ...fresh, ''].join('\n')
}

const latest = ['anomalies', '--as-of', 'latest']
const explain = ['--explain', '2026-09-23T10:00', '--series', 'user=user-31']
const questions: Readonly<Record<string, readonly string[]>> = {
  anomalies: latest,
  'anomalies-explain': [...latest, ...explain],
}

describe.each(Object.entries(questions))('%s', (name, args) => {
  testLooks(name, args, { cwd, env })
})

describe('other questions', () => {
  const input = ['anomalies', '--input', 'dear.csv', '--as-of', '2026-09-11']
  testQuestions(
    [
      ['anomalies-berlin', [...latest, '--tz', 'Europe/Berlin', '--by', 'feature,user,model']],
      ['anomalies-zscore', [...latest, '--method', 'zscore', '--top', '2']],
      ['anomalies-drop', [...latest, '--kinds', 'drop', '--since', '3d']],
      ['anomalies-fail-on', [...latest, '--fail-on', 'incident', '--top', '1']],
      ['anomalies-quiet', ['anomalies', '--as-of', '2026-09-15']],
      ['anomalies-budget', [...latest, '--budget', '300', '--since', '2d']],
      ['anomalies-findings', input],
      ['anomalies-findings-json', [...input, '--since', '1d', '--json']],
      ['anomalies-short', [...input, '--as-of', '2026-09-01T20:00Z']],
      ['anomalies-empty-window', ['anomalies', '--as-of', '2027-03-01']],
      ['anomalies-no-match', [...latest, '--where', 'feature=nothing']],
      ['anomalies-explain-unknown', [...latest, '--explain', '2026-09-23T10:00', '--series', 'user=nobody']],
    ],
    { cwd, env },
  )
})

describe('wrong use', () => {
  testQuestions(
    [
      ['anomalies-wrong-by', [...latest, '--by', 'day']],
      ['anomalies-wrong-history', [...latest, '--history', '0d']],
      ['anomalies-wrong-sensitivity', [...latest, '--sensitivity', 'huge']],
      ['anomalies-wrong-kinds', [...latest, '--kinds', 'spike,dip']],
      ['anomalies-wrong-min', [...latest, '--min-usd', '-1']],
      ['anomalies-wrong-explain', [...latest, '--explain', 'noon']],
      ['anomalies-wrong-series', [...latest, '--explain', '2026-09-22T10', '--series', 'ada']],
      ['anomalies-series-alone', [...latest, '--series', 'user=ada']],
    ],
    { cwd, env },
  )
})
