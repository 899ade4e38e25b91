/** What failed and what was tried again: for `errors`, and a part of the report. */
import { timeText } from '../../domain/time/duration.js'
import { dimensionOf, type Dimension } from '../../domain/dimensions.js'
import { breakdown } from '../../metrics/breakdown.js'
import { errorKinds } from '../../metrics/failures/error-kinds.js'
import { retries } from '../../metrics/failures/retries.js'
import { errorFindings } from '../../reports/failures/error-findings.js'
import { kindSections } from '../../reports/failures/error-kinds.js'
import { errorMeasures, errorSection } from '../../reports/failures/errors.js'
import type { ErrorsAnswer } from '../../reports/failures/retries.js'
import type { ReportPart } from '../../reports/weekly/weekly.js'
import { ask, type Question } from '../question.js'

/** How long after a failed call the next one still is a retry of it, where nobody says, ms. */
export const usualGapMs = 60_000
/** Groups and kinds in the report. */
const longest = 10

interface ErrorsRequest {
  readonly by: readonly Dimension[]
  readonly top: number | undefined
  readonly kindsTop: number
  readonly gapMs: number
}

/** Failed calls, retries and kinds of error, by groups. */
export async function errorsAnswer(
  { db, scope }: Question,
  { by, top, kindsTop, gapMs }: ErrorsRequest,
): Promise<ErrorsAnswer> {
  const inTime = by.some(({ kind }) => kind === 'time') && top === undefined
  const sort = inTime ? undefined : { by: 'failed_calls', descending: true }
  return {
    by,
    rows: await ask(db, breakdown({ scope, by, measures: errorMeasures, sort, top })),
    retries: await ask(db, retries({ scope, by, gapMs })),
    kinds: await ask(db, errorKinds(scope, kindsTop)),
    gapText: timeText(gapMs),
  }
}

/** Errors by feature in the weekly report; nothing where no call failed. */
export async function errorsPart(question: Question): Promise<ReportPart> {
  const by = [dimensionOf('feature')]
  const answer = await errorsAnswer(question, { by, top: longest, kindsTop: longest, gapMs: usualGapMs })
  const total = answer.rows.find((row) => row.is_total)
  if (Number(total?.failed_calls ?? 0) === 0) return { sections: [] }
  return {
    sections: [errorSection('errors_by_feature', answer), ...kindSections('error_kinds', answer)],
    findings: errorFindings(answer, question.settings.config.bounds, question),
  }
}
