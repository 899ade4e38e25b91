/** What the program knows by name: dimensions, figures, logs and formats, as answers. */
import { shortForms, type Dimension } from '../../domain/dimensions.js'
import type { MeasureName } from '../../metrics/measures/registry.js'
import { measureColumn } from '../columns.js'
import type { Column, Report } from '../report.js'

const text = (key: string, title = key): Column => ({ key, title, kind: 'text' })

const about: Column = { ...text('about', 'what it is'), wraps: true }

const always = { period: { since: null, until: null, tz: 'UTC' }, warnings: [] } as const

/** One figure: its name, and what kind of statistic it is. */
export interface Figure {
  readonly name: MeasureName
  readonly is: string
}

const isBucket = ({ kind }: Dimension): boolean => kind === 'time'

/** `llmcost columns`. */
export function columnsReport(dimensions: readonly Dimension[], figures: readonly Figure[]): Report {
  const shortOf = (name: string): string | null =>
    Object.entries(shortForms).find(([, column]) => column === name)?.[0] ?? null
  const [labels, buckets] = [dimensions.filter((one) => !isBucket(one)), dimensions.filter(isBucket)]
  return {
    kind: 'columns',
    title: 'Columns',
    ...always,
    sections: [
      {
        id: 'dimensions',
        title: 'Dimensions, for --by and --where',
        columns: [text('name'), text('short', 'short form'), about],
        rows: labels.map(({ key, about }) => ({ name: key, short: shortOf(key), about })),
        notes: ['tag.<name> is any other label of the log.'],
      },
      {
        id: 'time_buckets',
        title: 'Time buckets, for --by',
        columns: [text('name'), about],
        rows: buckets.map(({ key, about }) => ({ name: key.replaceAll('_', '-'), about })),
      },
      {
        id: 'figures',
        title: 'Figures, for --columns and --sort',
        columns: [text('name'), text('title', 'heading'), text('unit'), text('statistic')],
        rows: figures.map(({ name, is }) => {
          const { title, kind } = measureColumn(name)
          return { name, title, unit: units[kind] ?? null, statistic: is }
        }),
        notes: ['Rates and shares are 0 to 1 in JSON and CSV. Names may be short: cost for cost_usd.'],
      },
    ],
  }
}

const units: Partial<Record<Column['kind'], string>> = {
  usd: 'USD',
  ms: 'ms',
  share: '0 to 1',
  rate: '0 to 1',
  time: 'time',
}

/** A format by its name: of logs, or of answers. */
export interface Format {
  readonly name: string
  readonly about: string
}

/** A format of logs: where such logs are, how they are known, and what they do not tell. */
export interface LogFormat extends Format {
  readonly where: string
  readonly recognised_by: string
  readonly lacks: string
}

/** Sessions that an agent left on this machine. */
export interface AgentLogs {
  readonly name: string
  readonly folder: string
  readonly files: number
  readonly bytes: number
  /** When the first and the last of the files was written, ISO 8601 UTC. */
  readonly oldest: string
  readonly newest: string
}

/** `llmcost formats --here`. @param looked folders in which agents would keep their sessions */
export function logsHereReport(logs: readonly AgentLogs[], looked: readonly string[]): Report {
  return {
    kind: 'formats',
    title: 'Logs on this machine',
    ...always,
    sections: [
      {
        id: 'here',
        title: "Sessions of this user's coding agents",
        columns: [
          text('name'),
          text('folder'),
          { key: 'files', title: 'files', kind: 'count' },
          { key: 'bytes', title: 'size', kind: 'bytes' },
          { key: 'oldest', title: 'oldest file', kind: 'time', optional: 1 },
          { key: 'newest', title: 'newest file', kind: 'time' },
        ],
        rows: logs.map((one) => ({ ...one })),
        empty: `No coding agent has sessions in ${looked.length === 0 ? 'any folder: HOME is not set' : looked.join(', ')}.`,
      },
    ],
    ...(logs.length === 0 ? {} : { next: ['llmcost ingest --agents'] }),
  }
}

/** `llmcost formats`. */
export function formatsReport(
  logs: readonly LogFormat[],
  bills: readonly LogFormat[],
  answers: readonly Format[],
): Report {
  const more = (key: string, title: string, optional: number): Column => ({
    ...text(key, title),
    wraps: true,
    optional,
  })
  const described = [
    text('name'),
    about,
    more('where', 'where, or how to export', 1),
    more('recognised_by', 'recognised by', 2),
    more('lacks', 'does not tell', 3),
  ]
  return {
    kind: 'formats',
    title: 'Formats',
    ...always,
    sections: [
      {
        id: 'logs',
        title: 'Logs that can be read, for --from',
        columns: described,
        rows: logs.map((log) => ({ ...log })),
        notes: [
          'A log is recognised from its content. One that names its fields otherwise: --map field=path.',
        ],
      },
      {
        id: 'bills',
        title: 'Bills that can be read, for --from',
        columns: described,
        rows: bills.map((bill) => ({ ...bill })),
        notes: ['What was billed is kept beside the calls and never counts as one: llmcost reconcile.'],
      },
      {
        id: 'answers',
        title: 'Answers, for --format',
        columns: [text('name'), about],
        rows: answers.map((answer) => ({ ...answer })),
      },
    ],
  }
}
