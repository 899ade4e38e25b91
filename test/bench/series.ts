/** The labelled series, and how the hours that were flagged in them score. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const hour = 3_600_000

/** What was put into a log. Times are ISO 8601. */
export interface Event {
  readonly kind: string
  readonly start_iso: string
  readonly end_iso: string
  /** What it cost beyond the log without it, USD; of an outage below 0. */
  readonly excess_usd: number
  /** It lasts to the log's end, and so do its alarms. */
  readonly persistent?: boolean
}

export interface Labels {
  readonly series: string
  readonly eval_from: string
  readonly eval_to: string
  /** Series of teams in many zones have none. */
  readonly meta: { readonly scale: string; readonly tz?: string }
  readonly events: readonly Event[]
}

export interface LabelledSeries {
  readonly log: string
  readonly isClean: boolean
  readonly labels: Labels
}

/** Every series below a folder; those whose name ends in `-clean` hold no anomaly. */
export function labelledSeries(folder: string | URL): LabelledSeries[] {
  const path = typeof folder === 'string' ? folder : fileURLToPath(folder)
  return readdirSync(path)
    .toSorted()
    .map((name) => ({
      log: join(path, name, 'calls.csv.gz'),
      isClean: name.endsWith('-clean'),
      labels: JSON.parse(readFileSync(join(path, name, 'labels.json'), 'utf8')) as Labels,
    }))
}

interface Hit {
  readonly kind: string
  readonly excessUsd: number
  /** Hours from the event's start to the first flagged hour in it; null when it was missed. */
  readonly delay: number | null
}

export interface SeriesScore {
  readonly isClean: boolean
  readonly hits: readonly Hit[]
  /** Groups of flagged hours outside every event and its tail. */
  readonly falseAlarms: number
  readonly weeks: number
}

/** Groups of false hours with gaps up to this are one false alarm; an event's tail is a day. */
const gap = 6 * hour
const tail = 24 * hour

/**
 * @param flagged ISO 8601 hours
 * @param drifts ISO 8601 times of findings, which are no alarms, and by which a ramp is found too
 */
export function scoreSeries(
  { labels, isClean }: LabelledSeries,
  flagged: readonly string[],
  drifts: readonly string[] = [],
): SeriesScore {
  const [from, to] = [Date.parse(labels.eval_from), Date.parse(labels.eval_to)]
  const hours = [...new Set(flagged.map((one) => Date.parse(one)))]
    .filter((one) => one >= from && one < to)
    .toSorted((a, b) => a - b)
  const events = labels.events.map((event) => ({
    ...event,
    start: Date.parse(event.start_iso),
    end: Date.parse(event.end_iso),
  }))
  const hits = events.map(({ kind, excess_usd: excessUsd, start, end }) => {
    const found = kind === 'ramp' ? [...hours, ...drifts.map((one) => Date.parse(one))] : hours
    const first = found.toSorted((a, b) => a - b).find((one) => one >= start && one < end)
    return { kind, excessUsd, delay: first === undefined ? null : (first - start) / hour }
  })
  const outside = hours.filter((one) =>
    events.every(({ start, end, persistent }) => one < start || one >= (persistent ? to : end + tail)),
  )
  const falseAlarms = outside.filter((one, i) => i === 0 || one - (outside[i - 1] ?? 0) > gap).length
  return { isClean, hits, falseAlarms, weeks: (to - from) / (7 * 24 * hour) }
}

/** Events of one kind. */
export interface KindSummary {
  readonly found: number
  readonly events: number
  /** With the scale's false alarms shared out by events; not a number for what is told apart. */
  readonly f1: number
  /** Hours. */
  readonly medianDelay: number
}

export interface Summary {
  readonly precision: number
  readonly recall: number
  readonly f1: number
  readonly falseAlarmsAWeek: number
  /** Of events of $1 and more, and of $5 and more; not a number where there are none. */
  readonly dearRecall: number
  readonly dearestRecall: number
  /** False alarms, found events and all events, as they are counted. */
  readonly counts: { readonly falseAlarms: number; readonly found: number; readonly events: number }
  readonly kinds: ReadonlyMap<string, KindSummary>
  readonly medianDelay: number
  readonly p90Delay: number
  /** Hours until each ramp was found, and outages found of all. */
  readonly rampDelays: readonly (number | null)[]
  readonly outages: readonly [number, number]
}

const apart = new Set(['ramp', 'outage'])

export function summarise(scores: readonly SeriesScore[]): Summary {
  const all = scores.flatMap(({ hits }) => hits)
  const events = all.filter(({ kind }) => !apart.has(kind))
  const found = events.filter(({ delay }) => delay !== null)
  const falseAlarms = (clean: boolean): number =>
    scores.filter(({ isClean }) => isClean === clean).reduce((sum, one) => sum + one.falseAlarms, 0)
  const weeks = scores.filter(({ isClean }) => isClean).reduce((sum, one) => sum + one.weeks, 0)
  const precision = found.length / (found.length + falseAlarms(false))
  const recall = found.length / events.length
  const recallFrom = (usd: number): number => {
    const dear = events.filter(({ excessUsd }) => excessUsd >= usd)
    return dear.filter(({ delay }) => delay !== null).length / dear.length
  }
  const delays = found.map(({ delay }) => delay ?? 0).toSorted((a, b) => a - b)
  const outages = all.filter(({ kind }) => kind === 'outage')
  return {
    precision,
    recall,
    f1: (2 * precision * recall) / (precision + recall),
    falseAlarmsAWeek: falseAlarms(true) / weeks,
    dearRecall: recallFrom(1),
    dearestRecall: recallFrom(5),
    counts: { falseAlarms: falseAlarms(true), found: found.length, events: events.length },
    kinds: byKind(all, falseAlarms(false) / events.length),
    medianDelay: at(delays, 0.5),
    p90Delay: at(delays, 0.9),
    rampDelays: all.filter(({ kind }) => kind === 'ramp').map(({ delay }) => delay),
    outages: [outages.filter(({ delay }) => delay !== null).length, outages.length],
  }
}

/** @param share false alarms an event */
function byKind(hits: readonly Hit[], share: number): Map<string, KindSummary> {
  const kinds = new Map<string, KindSummary>()
  for (const kind of new Set(hits.map((hit) => hit.kind))) {
    const own = hits.filter((hit) => hit.kind === kind)
    const delays = own.flatMap(({ delay }) => (delay === null ? [] : [delay])).toSorted((a, b) => a - b)
    const [found, events] = [delays.length, own.length]
    const f1 = apart.has(kind) ? Number.NaN : (2 * found) / (found + events + share * events)
    kinds.set(kind, { found, events, f1, medianDelay: at(delays, 0.5) })
  }
  return kinds
}

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN
