/**
 * Long tables: on a terminal and in a pipe a table shows the first groups and one row of all others, unless --top
 * says how many. Data formats stay whole.
 */
import { dimensionNoun, type Dimension } from '../../domain/dimensions.js'
import { plural } from '../../domain/words/plurals.js'
import { count } from '../../domain/words/wording.js'
import { groupCount } from '../../metrics/groups.js'
import { ask, type Question } from '../../questions/question.js'
import { othersLabel } from '../../reports/breakdown.js'
import type { Report, Section } from '../../reports/report.js'
import type { Invocation } from '../command.js'
import type { Grouping } from '../grouping.js'
import { rendererOf } from '../precedence.js'
import { withCalls } from '../with-calls.js'

/** Groups that a table shows unasked. */
const groupsShown = 20

/** Dimensions whose values have a name of their own. */
const nounKinds: ReadonlySet<Dimension['kind']> = new Set(['column', 'center'])

interface Folded {
  /** Groups that are shown before the others; undefined: all. */
  readonly top: number | undefined
  /** How many groups there are, where some are left to the others unasked. */
  readonly groups?: number
}

/**
 * Asks the calls for an answer by groups, which says below each table that was folded how many groups its others are.
 * @param grouping says too whether the answer may be about cost centers
 * @param answer with the first groups and the others, or with all where it is told no number
 */
export function withFoldedGroups(
  invocation: Invocation,
  grouping: Pick<Grouping, 'by' | 'top'> & { readonly allocates?: true },
  answer: (question: Question, top: number | undefined) => Promise<Report>,
): Promise<Report> {
  const { by, allocates } = grouping
  const work = async (question: Question): Promise<Report> => {
    const folded = await foldedGroups(invocation, question, grouping)
    return withFoldedNote(await answer(question, folded.top), by, folded)
  }
  return withCalls(invocation, work, undefined, [], allocates && by)
}

/**
 * How many groups an answer shows: as --top says, else all that data formats hold, and the first of a table. Time
 * buckets follow each other, so that none of them is another's other: they are all shown.
 */
async function foldedGroups(
  invocation: Invocation,
  { db, scope }: Question,
  { by, top }: Pick<Grouping, 'by' | 'top'>,
): Promise<Folded> {
  if (top === 'all') return { top: undefined }
  if (top !== undefined) return { top }
  const isList = by.length > 0 && by.every(({ kind }) => kind !== 'time')
  if (!isList || (await rendererOf(invocation)).id !== 'table') return { top: undefined }
  const [row] = await ask(db, groupCount({ scope, by }))
  const groups = Number(row?.groups ?? 0)
  return groups > groupsShown ? { top: groupsShown, groups } : { top: undefined }
}

function withFoldedNote(report: Report, by: readonly Dimension[], { top, groups }: Folded): Report {
  if (groups === undefined || top === undefined) return report
  const key = by[0]!.key
  const what =
    by.length === 1 && nounKinds.has(by[0]!.kind) ? plural(groups, dimensionNoun(by[0]!)) : 'groups'
  const note = `${othersLabel} is ${count(groups - top)} of ${count(groups)} ${what}; --top all shows each`
  // Other tables of an answer may have others of their own, beside fewer groups.
  const noted = (section: Section): Section =>
    section.rows.length === top + 1 && section.rows.some((row) => row[key] === othersLabel)
      ? { ...section, notes: [...(section.notes ?? []), note] }
      : section
  return { ...report, sections: report.sections.map(noted) }
}
