/** `llmcost errors`: what fails, what is tried again, and what that costs. */
import { durationOf } from '../domain/duration.js'
import { dimensionOf, type Dimension } from '../domain/dimensions.js'
import { UserError } from '../errors.js'
import { breakdown } from '../metrics/breakdown.js'
import { errorKinds } from '../metrics/error-kinds.js'
import { retries } from '../metrics/retries.js'
import { errorFindings } from '../reports/error-findings.js'
import { kindSections } from '../reports/error-kinds.js'
import { errorMeasures, errorSection, errorsReport } from '../reports/errors.js'
import type { ErrorsAnswer } from '../reports/retries.js'
import { timeText } from '../reports/sentences.js'
import type { ReportPart } from '../reports/weekly.js'
import { questionOptions, type CommandSpec, type Invocation } from './command.js'
import { groupingOf, groupingOptions } from './grouping.js'
import { ask, doubtsAbout, optionText, withCalls, type Question } from './question.js'

const defaultGap = '60s'
/** Kinds of error without --top. */
const kindsShown = 20
/** Groups and kinds in the weekly report. */
const longest = 10

export const errorsCommand: CommandSpec = {
  name: 'errors',
  summary: 'what fails, how often and at what cost; retries; kinds of error',
  details: [
    'error_rate is failed calls over calls that say whether they failed.',
    'A retry is a call whose log says so (attempt above 1), or that comes within --gap after the end of a failed call (its time plus its latency, up to ten minutes) and is the next one of the same user, feature and prompt_hash. Each counts once. The failed call may lie before --since or outside --where.',
    "A retry that fails is in both costs. Cost of retries is these calls' whole cost: of a request that succeeds at last, it is paid in any case, and the failed calls on top.",
    'A kind of error is its message with numbers and ids as #, without what follows a {, cut to 80 characters; HTTP codes stay.',
    'Dimensions and time buckets are those of llmcost breakdown.',
  ].join('\n'),
  options: [
    ...groupingOptions('feature').filter(
      ({ flags }) => flags.startsWith('--by') || flags.startsWith('--top'),
    ),
    {
      flags: '--gap <time>',
      about: 'longest time between an error and its retry: 90s, 5m',
      fallback: defaultGap,
      group: 'Question',
    },
    ...questionOptions,
  ],
  examples: [
    { command: 'llmcost errors --since 7d', about: 'by feature, and by kind of error' },
    { command: 'llmcost errors --by day --since 30d', about: 'day by day' },
    { command: 'llmcost errors --by model --gap 5m', about: 'with slower retries' },
  ],
  run: async (invocation) => {
    const { by, top } = groupingOf(invocation, 'feature')
    const gapMs = gapOption(invocation)
    const report = await withCalls(invocation, async (question) => {
      const answer = await errorsAnswer(question, { by, top, kindsTop: top ?? kindsShown, gapMs })
      const doubts = await doubtsAbout(
        question,
        answer.rows.find((row) => row.is_total),
      )
      return errorsReport({
        ...answer,
        scope: question.scope,
        bounds: question.settings.config.bounds,
        doubts,
      })
    })
    return { report }
  },
}

interface ErrorsRequest {
  readonly by: readonly Dimension[]
  readonly top: number | undefined
  readonly kindsTop: number
  readonly gapMs: number
}

async function errorsAnswer(
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
  const gapMs = parseGap(defaultGap)
  const answer = await errorsAnswer(question, { by, top: longest, kindsTop: longest, gapMs })
  const total = answer.rows.find((row) => row.is_total)
  if (Number(total?.failed_calls ?? 0) === 0) return { sections: [] }
  return {
    sections: [errorSection('errors_by_feature', answer), ...kindSections('error_kinds', answer)],
    findings: errorFindings(answer, question.settings.config.bounds),
  }
}

const gapOption = (invocation: Invocation): number => parseGap(optionText(invocation, 'gap') ?? defaultGap)

const longestGap = 86_400_000

/** In ms. @throws UserError (usage) */
function parseGap(text: string): number {
  const gap = durationOf(text, '--gap')
  if (gap <= longestGap) return gap
  throw new UserError(`--gap ${text} is more than a day`, {
    code: 'usage',
    hint: 'Write 60s, 5m or 1h.',
  })
}
