/** `llmcost quality`: scores and feedback where the log has them, and what a good answer cost. */
import { parseDimensions } from '../../domain/dimensions.js'
import { goodAnswers } from '../../domain/quality.js'
import { quality, scoreRange, type QualityRow } from '../../metrics/quality.js'
import { qualityReport } from '../../reports/quality.js'
import type { Report } from '../../reports/report.js'
import { dimensionsBy } from '../grouping.js'
import { convertedOptions, type CommandSpec } from '../command.js'
import { ask, doubtsAbout, type Question } from '../../questions/question.js'
import { optionCount, optionText } from '../option-values.js'
import { withCalls } from '../with-calls.js'

/** One table each, where --by names nothing else. */
const usual = ['model', 'feature', 'prompt_version']
/** Longer tables are for --by and --top. */
const longest = 10

export const qualityCommand: CommandSpec = {
  name: 'quality',
  summary: 'scores and feedback where the log has them, and what a good answer cost',
  details: [
    `Without --by: ${usual.join(', ').replace('_', ' ')}, a table each of the ${longest} dearest. A prompt version is its prompt_name, else its prompt_hash.`,
    'A good answer has a quality_score of good_quality_score (under "bounds" in the config file) at least, or good user_feedback. Up to 1 the bound is a share of the scale, and the scale is the smallest of 0–1, 0–5, 0–10 and 0–100 that holds the highest score of the calls up to --until; above 1 it is the score itself.',
    'Feedback is good above 0 (thumbs: 1 and 0, or 1 and -1); where any is above 1, as with stars, it is read as a score is.',
    'The cost of a good answer is what all judged calls cost, over the good answers among them.',
  ].join('\n'),
  options: [
    {
      flags: '--by <dimensions>',
      about: 'one or more, with commas, as one table; none for the total alone',
      group: 'Question',
    },
    {
      flags: '-n, --top <n>',
      about: 'the n dearest groups, and one row (others) for all the rest',
      group: 'Question',
    },
    ...convertedOptions,
  ],
  examples: [
    { command: 'llmcost quality --since 30d', about: 'by model, feature and prompt version' },
    {
      command: 'llmcost quality --by prompt-version --where feature=search',
      about: 'the prompt versions of one feature',
    },
  ],
  run: async (invocation) => {
    const named = optionText(invocation, 'by')
    const tables = named === undefined ? usual.map(parseDimensions) : [await dimensionsBy(invocation, 'none')]
    const top = optionCount(invocation, 'top') ?? (named === undefined ? longest : undefined)
    return { report: await withCalls(invocation, (question) => answer(question, tables, top)) }
  },
}

async function answer(
  question: Question,
  dimensions: readonly ReturnType<typeof parseDimensions>[],
  top: number | undefined,
): Promise<Report> {
  const { db, scope, settings } = question
  const [range] = await ask(db, scoreRange(scope))
  const highest = { score: range?.max_quality_score ?? null, feedback: range?.max_user_feedback ?? null }
  const good = goodAnswers(settings.config.bounds.good_quality_score, highest)
  const tables: { by: (typeof dimensions)[number]; rows: readonly QualityRow[] }[] = []
  // One after the other: each statement uses all threads.
  for (const by of dimensions) tables.push({ by, rows: await ask(db, quality({ scope, by, top, good })) })
  return qualityReport({
    scope,
    tables,
    good: highest.score === null && highest.feedback === null ? null : good,
    doubts: await doubtsAbout(
      question,
      tables[0]?.rows.find((row) => row.is_total),
    ),
  })
}
