/** `llmcost errors`: what fails, what is tried again, and what that costs. */
import { durationOf } from '../../domain/time/duration.js'
import { UserError } from '../../errors.js'
import { errorsReport } from '../../reports/failures/errors.js'
import { errorsAnswer, usualGapMs } from '../../questions/report/failures.js'
import { convertedOptions, type CommandSpec, type Invocation } from '../command.js'
import { withFoldedGroups } from './folded-groups.js'
import { groupingOf, groupingOptions } from '../grouping.js'
import { doubtsAbout } from '../../questions/question.js'
import { optionText } from '../option-values.js'

const defaultGap = `${usualGapMs / 1000}s`
/** Of kinds of error: more than there are. */
const allKinds = 1_000_000_000
/** Kinds of error without --top. */
const kindsShown = 20

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
    ...groupingOptions('feature').filter(({ flags }) => flags.startsWith('--by') || flags.includes('--top')),
    {
      flags: '--gap <time>',
      about: 'longest time between an error and its retry: 90s, 5m',
      fallback: defaultGap,
      group: 'Question',
    },
    ...convertedOptions,
  ],
  examples: [
    { command: 'llmcost errors --since 7d', about: 'by feature, and by kind of error' },
    { command: 'llmcost errors --by day --since 30d', about: 'day by day' },
    { command: 'llmcost errors --by model --gap 5m', about: 'with slower retries' },
  ],
  run: async (invocation) => {
    const grouping = await groupingOf(invocation, 'feature')
    const { by, top: asked } = grouping
    const gapMs = gapOption(invocation)
    const report = await withFoldedGroups(invocation, grouping, async (question, top) => {
      const kindsTop = asked === 'all' ? allKinds : (asked ?? kindsShown)
      const answer = await errorsAnswer(question, { by, top, kindsTop, gapMs })
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
