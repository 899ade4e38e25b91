/**
 * How well anomalies are found in labelled series, beside the textbook's z-score, each by one run of the
 * program; and how long the question takes on a million calls.
 */
import { bare, llmcost } from './child.js'
import { compare, type Comparison } from './compare.js'
import { root } from './folders.js'
import type { Size } from './ingest.js'
import { callsInWords, store } from './logs.js'
import { record } from './queries.js'
import { labelledSeries, scoreSeries, summarise, type LabelledSeries, type Summary } from './series.js'

interface Incidents {
  readonly incidents: readonly { readonly hours: readonly string[]; readonly kinds: readonly string[] }[]
}

/** @param options further options of the program */
async function flaggedHours({ log, labels }: LabelledSeries, options: readonly string[]): Promise<Incidents> {
  const window = ['--since', labels.eval_from, '--as-of', labels.eval_to]
  const { stdout } = await llmcost(['anomalies', '--input', log, ...window, ...options, '--json'])
  return JSON.parse(stdout) as Incidents
}

const runs: readonly (readonly [title: string, options: readonly string[], zone: 'UTC' | 'own'])[] = [
  ['28 days', [], 'UTC'],
  ['28 days, without drift', ['--kinds', 'spike,sustained'], 'UTC'],
  ["28 days, each series' zone", [], 'own'],
  ['28 days, with drops', ['--kinds', 'spike,sustained,drift,drop'], 'UTC'],
  ['14 days', ['--history', '14d'], 'UTC'],
  ['z-score, 28 days', ['--method', 'zscore'], 'UTC'],
  ['z-score, 14 days', ['--method', 'zscore', '--history', '14d'], 'UTC'],
]

/** One line a run as a Markdown table. */
export async function scoreAnomalies(): Promise<string> {
  const series = labelledSeries(new URL('fixtures/anomaly-dev', root))
  const lines: string[][] = [heads, heads.map((_, i) => (i === 0 ? '---' : '---:'))]
  for (const [title, options, zone] of runs) {
    const scores = []
    for (const one of series) {
      const tz = zone === 'UTC' ? [] : ['--tz', one.labels.meta.tz]
      const { incidents } = await flaggedHours(one, [...options, ...tz])
      scores.push(
        scoreSeries(
          one,
          incidents.flatMap(({ hours }) => hours),
        ),
      )
    }
    lines.push(line(title, summarise(scores)))
  }
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

const heads = [
  '',
  'precision',
  'recall',
  'F1',
  'false alarms a week',
  'recall from $1',
  'median delay',
  'p90 delay',
  'ramps found after',
  'outages',
]

function line(title: string, found: Summary): string[] {
  const days = found.rampDelays.map((delay) => (delay === null ? 'never' : `${(delay / 24).toFixed(1)} d`))
  return [
    title,
    found.precision.toFixed(2),
    found.recall.toFixed(2),
    found.f1.toFixed(2),
    found.falseAlarmsAWeek.toFixed(2),
    found.dearRecall.toFixed(2),
    `${found.medianDelay} h`,
    `${found.p90Delay} h`,
    days.join(', '),
    found.outages.join(' of '),
  ]
}

/** The question over the last 14 of 28 days with 1,000 users and 20 features, against its bare statements. */
export async function compareAnomalies(sizes: readonly Size[]): Promise<Comparison[]> {
  const rows: Comparison[] = []
  for (const { calls, pairs } of sizes) {
    const database = await store(calls, 'incident')
    const args = ['anomalies', '--as-of', 'latest', '--db', database]
    const statements = await record(args, 100)
    const program = () => llmcost(args, 'resource-hook')
    const floor = () => bare('floor-queries', [database, statements], 'resource-hook')
    const what = `anomalies, ${callsInWords(calls)}`
    rows.push(await compare({ what, target: '≤ 1.3, 1M ≤ 3 s', program, floor }, pairs))
  }
  return rows
}
