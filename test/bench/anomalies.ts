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
  readonly incidents: readonly {
    readonly hours: readonly string[]
    readonly kinds: readonly string[]
    readonly folded: boolean
  }[]
  /** A drift says up to when. */
  readonly findings: readonly { readonly kind: string; readonly until?: string }[]
}

/** @param options further options of the program */
async function flaggedHours({ log, labels }: LabelledSeries, options: readonly string[]): Promise<Incidents> {
  const window = ['--since', labels.eval_from, '--as-of', labels.eval_to]
  const { stdout } = await llmcost(['anomalies', '--input', log, ...window, ...options, '--json'])
  return JSON.parse(stdout) as Incidents
}

const runs: readonly (readonly [title: string, options: readonly string[], zone: 'UTC' | 'own'])[] = [
  ['likelihood', ['--method', 'likelihood'], 'UTC'],
  ["likelihood, each series' zone", ['--method', 'likelihood'], 'own'],
  ['likelihood, 14 days', ['--method', 'likelihood', '--history', '14d'], 'UTC'],
  ['robust', ['--method', 'robust'], 'UTC'],
  ['robust, with drops', ['--method', 'robust', '--kinds', 'spike,sustained,drift,drop'], 'UTC'],
  ['z-score', ['--method', 'zscore'], 'UTC'],
  ['z-score, 14 days', ['--method', 'zscore', '--history', '14d'], 'UTC'],
]

/** A table of every run by the scale of the account, and one of the events found by kind. */
export async function scoreAnomalies(): Promise<string> {
  const series = labelledSeries(new URL('fixtures/anomaly-dev', root))
  const scales = [...new Set(series.map(({ labels }) => labels.meta.scale))].toSorted().toReversed()
  const found: Row[] = []
  for (const [title, options, zone] of runs) {
    for (const scale of scales) {
      const scores = []
      const told = []
      for (const one of series.filter(({ labels }) => labels.meta.scale === scale)) {
        const own = zone === 'UTC' ? undefined : one.labels.meta.tz
        const tz = own === undefined ? [] : ['--tz', own]
        const { incidents, findings } = await flaggedHours(one, [...options, ...tz])
        // Told at the end of a day, of the hours before.
        const drifts = findings.flatMap(({ kind, until }) =>
          kind === 'drift' && until !== undefined ? [new Date(Date.parse(until) - 1).toISOString()] : [],
        )
        const hoursOf = (own: typeof incidents): string[] => own.flatMap(({ hours }) => hours)
        scores.push(scoreSeries(one, hoursOf(incidents), drifts))
        told.push(scoreSeries(one, hoursOf(incidents.filter(({ folded }) => !folded)), drifts))
      }
      found.push({ title, scale, summary: summarise(scores), told: summarise(told) })
    }
  }
  return `${table(heads, found.map(line))}\n\n${kindTable(found)}`
}

interface Row {
  readonly title: string
  readonly scale: string
  readonly summary: Summary
  /** Of those that are not folded. */
  readonly told: Summary
}

const table = (titles: readonly string[], lines: readonly (readonly string[])[]): string =>
  [titles, titles.map((_, i) => (i < 2 ? '---' : '---:')), ...lines]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')

const heads = [
  'method',
  'accounts',
  'precision',
  'recall',
  'F1',
  'found of all',
  'false alarms',
  'a week',
  'a week, not folded',
  'recall, not folded',
  'recall from $1',
  'recall from $5',
  'median delay',
  'p90 delay',
  'ramps found after',
]

/** A share, or a dash where there is nothing to have a share of. */
const share = (value: number): string => (Number.isNaN(value) ? '–' : value.toFixed(2))

function line({ title, scale, summary, told }: Row): string[] {
  const days = summary.rampDelays.map((delay) => (delay === null ? 'never' : `${(delay / 24).toFixed(1)} d`))
  return [
    title,
    scale,
    share(summary.precision),
    share(summary.recall),
    share(summary.f1),
    `${summary.counts.found} of ${summary.counts.events}`,
    String(summary.counts.falseAlarms),
    summary.falseAlarmsAWeek.toFixed(2),
    told.falseAlarmsAWeek.toFixed(2),
    share(told.recall),
    share(summary.dearRecall),
    share(summary.dearestRecall),
    `${summary.medianDelay} h`,
    `${summary.p90Delay} h`,
    days.join(', '),
  ]
}

function kindTable(rows: readonly Row[]): string {
  const kinds = [...new Set(rows.flatMap(({ summary }) => [...summary.kinds.keys()]))].toSorted()
  const lines = rows.map(({ title, scale, summary }) => [
    title,
    scale,
    ...kinds.map((kind) => summary.kinds.get(kind)?.join(' of ') ?? '–'),
  ])
  return table(['method', 'accounts', ...kinds], lines)
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
    rows.push(await compare({ what, target: '≤ 1.3, 1M ≤ 2 s', program, floor }, pairs))
  }
  return rows
}
