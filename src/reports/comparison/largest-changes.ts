/** Whose cost moved most between two sets of calls: for `compare`, and for a report of a period. */
import type { Dimension } from '../../domain/dimensions.js'
import type { MoverRow } from '../../metrics/comparison/movers.js'
import { meanCostFinding } from './chance-words.js'
import { basisOf, type ComparedSide } from './compared-side.js'
import { moverFindings, moversSection, type Moved } from './movers.js'
import type { ReportPart } from '../weekly/weekly.js'

export interface MovedBy {
  readonly by: Dimension
  readonly rows: readonly MoverRow[]
}

/** The tables that say something: none where costs cannot be compared, or where no call names a group. */
export function movedParts(a: ComparedSide, b: ComparedSide, moved: readonly MovedBy[]): readonly Moved[] {
  const basis = basisOf(a, b)
  if (basis === 'means') return []
  const ms = basis === 'daily' && a.ms !== null && b.ms !== null ? ([a.ms, b.ms] as const) : null
  const inTime = a.window.since !== b.window.since || a.window.until !== b.window.until
  return moved
    .filter(({ rows }) => rows.some((row) => row.is_others || row.value !== null))
    .map((one) => ({ ...one, ms, inTime, labels: [a.label, b.label], currency: a.currency }))
}

/** What a report of a period shows of it; nothing where the period before has no calls. */
export function largestChanges(a: ComparedSide, b: ComparedSide, moved: readonly MovedBy[]): ReportPart {
  if (Number(b.figures.calls ?? 0) === 0) return { sections: [] }
  const parts = movedParts(a, b, moved)
  const mean = meanCostFinding(a, b, 0)
  return {
    sections: parts.map(moversSection),
    findings: [...(mean === undefined ? [] : [mean]), ...parts.flatMap(moverFindings)],
  }
}
