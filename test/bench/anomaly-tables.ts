/** The scores of the methods that find anomalies, as Markdown tables. */
import type { KindSummary, Summary } from './series.js'

/** One method on the accounts of one scale. */
export interface Row {
  readonly title: string
  readonly scale: string
  readonly summary: Summary
  /** Of incidents that are not folded. */
  readonly shown: Summary
  /** The kind of each finding on the logs without anomalies, and the weeks of these. */
  readonly findings: readonly string[]
  readonly weeks: number
}

/** The methods that are compared event by event; the others are variants of them. */
const compared = ['likelihood', 'robust', 'z-score']

export const anomalyTables = (rows: readonly Row[]): string =>
  [
    'Anomalies by the scale of the account; events of six weeks a log, false alarms on the logs without events.',
    table(heads, rows.map(line), 2),
    'By kind of event: F1 (with the false alarms of the scale shared out by events), found of all, and the median delay.',
    kindTable(rows.filter(({ title }) => compared.includes(title))),
    'Findings a week on the logs without events.',
    findingTable(rows.filter(({ title }) => title === compared[0])),
  ].join('\n\n')

function table(titles: readonly string[], lines: readonly (readonly string[])[], words: number): string {
  return [titles, titles.map((_, i) => (i < words ? '---' : '---:')), ...lines]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}

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

function line({ title, scale, summary, shown }: Row): string[] {
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
    shown.falseAlarmsAWeek.toFixed(2),
    share(shown.recall),
    share(summary.dearRecall),
    share(summary.dearestRecall),
    `${summary.medianDelay} h`,
    `${summary.p90Delay} h`,
    days.join(', '),
  ]
}

function kindTable(rows: readonly Row[]): string {
  const lines: string[][] = []
  for (const scale of new Set(rows.map((row) => row.scale))) {
    const own = rows.filter((row) => row.scale === scale)
    for (const kind of new Set(own.flatMap(({ summary }) => [...summary.kinds.keys()].toSorted()))) {
      const cells = compared.map((title) => {
        const found = own.find((row) => row.title === title)?.summary.kinds.get(kind)
        return found === undefined ? '–' : kindCell(found)
      })
      lines.push([scale, kind, ...cells])
    }
  }
  return table(['accounts', 'event', ...compared], lines, 2)
}

const kindCell = ({ f1, found, events, medianDelay }: KindSummary): string =>
  `${share(f1)}, ${found} of ${events}${Number.isNaN(medianDelay) ? '' : `, ${Math.round(medianDelay)} h`}`

function findingTable(rows: readonly Row[]): string {
  const kinds = [...new Set(rows.flatMap(({ findings }) => findings))].toSorted()
  const lines = rows.map(({ scale, findings, weeks }) => {
    const aWeek = (some: readonly string[]): string => (some.length / weeks).toFixed(2)
    return [
      scale,
      weeks.toFixed(0),
      aWeek(findings),
      ...kinds.map((kind) => aWeek(findings.filter((one) => one === kind))),
    ]
  })
  return table(['accounts', 'weeks', 'findings a week', ...kinds], lines, 1)
}
