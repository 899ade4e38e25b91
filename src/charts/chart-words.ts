/** A chart for those who do not see it, and the legend for those who do. */
import { count } from '../domain/words/wording.js'
import type { Drawing, Point } from './points.js'

export interface ChartWords {
  readonly title: string
  readonly about: string
}

export function chartWords(sectionTitle: string, drawing: Drawing): ChartWords {
  const { points } = drawing
  const known = points.filter(({ y }) => y !== undefined)
  const [first, last] = [points[0], points.at(-1)]
  const highest = known.toSorted((a, b) => (b.y ?? 0) - (a.y ?? 0))[0]
  const lowest = known.toSorted((a, b) => (a.y ?? 0) - (b.y ?? 0))[0]
  const marked = points.filter(({ mark }) => mark !== undefined)
  const sentences = [
    `${count(points.length)} points from ${first?.bucket ?? ''} to ${last?.bucket ?? ''}.`,
    ...(highest ? [`Highest: ${said(highest)}.`] : []),
    ...(lowest && lowest !== highest ? [`Lowest: ${said(lowest)}.`] : []),
    ...(marked.length > 0
      ? [`Marked: ${marked.slice(0, 5).map(said).join('; ')}${marked.length > 5 ? ' and others' : ''}.`]
      : []),
    ...(drawing.bound
      ? [`${drawing.bound.title} is ${drawing.bound.isBeyond ? 'above the chart' : 'drawn across'}.`]
      : []),
  ]
  return { title: sectionTitle, about: sentences.join(' ') }
}

/** `2026-10-02: $12.40, expected $3.10, incomplete, unusual` */
export function said({ bucket, words, expectedWords, mark, partial }: Point): string {
  const figures = [words, expectedWords].filter((text) => text !== '')
  const parts = [
    ...(figures.length === 0 ? ['no value'] : figures),
    ...(partial ? ['incomplete'] : []),
    ...(mark ? [mark] : []),
  ]
  return `${bucket}: ${parts.join(', ')}`
}

export interface LegendEntry {
  readonly look: 'amount' | 'partial' | 'mark' | 'expected' | 'band' | 'bound' | 'part' | 'ghost'
  /** Of a part: which, from below. */
  readonly place?: number
  readonly text: string
}

/** What the looks mean; empty where there is only one. */
export function legendOf({ has, y, expected, bound, parts, ghost }: Drawing): LegendEntry[] {
  const entries: LegendEntry[] = [
    ...parts.map((text, place) => ({ look: 'part', text, place }) as const),
    ...(has.ghost ? [{ look: 'ghost', text: ghost?.title ?? 'before' } as const] : []),
    ...(has.marks ? [{ look: 'mark', text: 'stands out' } as const] : []),
    ...(has.partial ? [{ look: 'partial', text: 'incomplete' } as const] : []),
    ...(has.expected ? [{ look: 'expected', text: expected?.title ?? 'expected' } as const] : []),
    ...(has.band ? [{ look: 'band', text: 'likely range' } as const] : []),
    ...(bound
      ? [{ look: 'bound', text: bound.isBeyond ? `${bound.title}, above the chart` : bound.title } as const]
      : []),
  ]
  if (entries.length === 0 || parts.length > 0) return entries
  return [{ look: 'amount', text: y.title }, ...entries]
}
