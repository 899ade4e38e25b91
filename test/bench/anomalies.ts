/**
 * How well anomalies are found in labelled series, beside the former method and the textbook's z-score, each by one
 * run of the program; and how long the question takes on a million calls.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { anomalyTables, type Row } from './anomaly-tables.js'
import { bare, llmcost } from './child.js'
import { compare, type Comparison } from './compare.js'
import { folder, root } from './folders.js'
import type { Size } from './ingest.js'
import { callsInWords, freshDatabase, store } from './logs.js'
import { generatedLog } from './product-log.js'
import { mixedPlan, outagePlan, product, productSizes, rampPlan, type Plan } from './products.js'
import { record } from './queries.js'
import { labelledSeries, scoreSeries, summarise, type LabelledSeries } from './series.js'

interface Incidents {
  readonly incidents: readonly {
    readonly hours: readonly string[]
    readonly kinds: readonly string[]
    readonly folded: boolean
  }[]
  /** A drift says up to when. */
  readonly findings: readonly { readonly kind: string; readonly until?: string }[]
}

interface Method {
  readonly title: string
  readonly options: readonly string[]
  /** In the zone of the series' office, where it has one. */
  readonly inOwnZone?: boolean
  /** On the small products and the agents alone. */
  readonly isVariant?: boolean
}

const methods: readonly Method[] = [
  { title: 'likelihood', options: ['--method', 'likelihood'] },
  { title: 'robust', options: ['--method', 'robust'] },
  { title: 'z-score', options: ['--method', 'zscore'] },
  { title: "likelihood, each series' zone", options: ['--method', 'likelihood'], inOwnZone: true },
  { title: 'likelihood, 14 days', options: ['--method', 'likelihood', '--history', '14d'], isVariant: true },
  {
    title: 'robust, with drops',
    options: ['--method', 'robust', '--kinds', 'spike,sustained,drift,drop'],
    isVariant: true,
  },
  { title: 'z-score, 14 days', options: ['--method', 'zscore', '--history', '14d'], isVariant: true },
]

/** Seeds of the generated products, by scale: none was looked at while the constants were chosen. */
const products: Readonly<Record<string, { readonly mixed: readonly number[]; readonly apart: number }>> = {
  medium: { mixed: [1, 2, 3], apart: 7 },
  large: { mixed: [8, 9], apart: 11 },
}

/** Every log of a generated product, written when its turn comes, each beside its clean twin. */
function* generatedSeries(quick: boolean): Generator<LabelledSeries> {
  mkdirSync(folder, { recursive: true })
  for (const size of productSizes) {
    const { mixed, apart } = products[size.scale]!
    const one = product(size, apart)
    const logs: (readonly [typeof one, string, readonly Plan[]])[] = [
      ...(quick ? mixed.slice(0, 1) : mixed)
        .map((seed) => product(size, seed))
        .map((of) => [of, 'mixed', mixedPlan(of)] as const),
      [one, 'ramp', rampPlan],
      [one, 'outage', outagePlan(one)],
    ]
    for (const [of, kind, plans] of logs) {
      // The ramp's and the outage's clean twins are the same log.
      for (const isClean of kind === 'outage' ? [false] : [false, true]) {
        const name = `${size.scale}-${kind}-${of.seed}${isClean ? '-clean' : ''}`
        const { lines, labels } = generatedLog(of, name, isClean ? [] : plans)
        const log = join(folder, 'partial.csv')
        writeFileSync(log, `${lines.join('\n')}\n`)
        yield { log, isClean, labels }
      }
    }
  }
}

function* allSeries(quick: boolean): Generator<LabelledSeries> {
  yield* labelledSeries(new URL('fixtures/anomaly-dev', root))
  yield* generatedSeries(quick)
}

/** What one method says of a series that is in a database. */
async function told({ labels }: LabelledSeries, method: Method, database: string): Promise<Incidents> {
  const window = ['--since', labels.eval_from, '--as-of', labels.eval_to]
  const zone = method.inOwnZone === true && labels.meta.tz !== undefined ? ['--tz', labels.meta.tz] : []
  const { stdout } = await llmcost([
    'anomalies',
    '--db',
    database,
    ...window,
    ...method.options,
    ...zone,
    '--json',
  ])
  return JSON.parse(stdout) as Incidents
}

/** Of one log by one method. */
interface Score {
  readonly title: string
  readonly scale: string
  readonly all: ReturnType<typeof scoreSeries>
  /** Of incidents that are not folded. */
  readonly shown: ReturnType<typeof scoreSeries>
  /** Kinds of the findings of a clean log. */
  readonly findings: readonly string[]
}

async function score(one: LabelledSeries, method: Method, database: string): Promise<Score> {
  const { incidents, findings } = await told(one, method, database)
  // Told at the end of a day, of the hours before.
  const drifts = findings.flatMap(({ kind, until }) =>
    kind === 'drift' && until !== undefined ? [new Date(Date.parse(until) - 1).toISOString()] : [],
  )
  const hoursOf = (own: typeof incidents): string[] => own.flatMap(({ hours }) => hours)
  const { scale } = one.labels.meta
  return {
    title: method.title,
    scale,
    all: scoreSeries(one, hoursOf(incidents), drifts),
    shown: scoreSeries(one, hoursOf(incidents.filter(({ folded }) => !folded)), drifts),
    findings: one.isClean ? findings.map(({ kind }) => kind) : [],
  }
}

/**
 * Tables of every method by the scale of the account and by the kind of event.
 * @param quick fewer generated logs
 */
export async function scoreAnomalies(quick: boolean): Promise<string> {
  const scores: Score[] = []
  for (const one of allSeries(quick)) {
    process.stderr.write(`${one.labels.series}${one.isClean ? ', clean' : ''} …\n`)
    const { scale } = one.labels.meta
    const database = freshDatabase('labelled')
    await llmcost(['ingest', one.log, '--db', database])
    const isGenerated = scale in products
    // No time is taken here: they need not take turns.
    const asked = methods.filter(({ isVariant }) => !isGenerated || isVariant !== true)
    scores.push(...(await Promise.all(asked.map((method) => score(one, method, database)))))
  }
  const rows: Row[] = []
  for (const { title } of methods) {
    for (const scale of ['small', 'medium', 'large', 'agents']) {
      const own = scores.filter((one) => one.title === title && one.scale === scale)
      if (own.length === 0) continue
      const summary = summarise(own.map(({ all }) => all))
      const shown = summarise(own.map((one) => one.shown))
      const weeks = own.filter(({ all }) => all.isClean).reduce((sum, { all }) => sum + all.weeks, 0)
      rows.push({ title, scale, summary, shown, findings: own.flatMap((one) => one.findings), weeks })
    }
  }
  return anomalyTables(rows)
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
