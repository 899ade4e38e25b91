/** `llmcost compare`: two sets of calls side by side. */
import { readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import type { Currency } from '../../domain/costs/currency.js'
import { dimensionOf, type Dimension } from '../../domain/dimensions.js'
import { lastPeriod, wholeDays } from '../../domain/time/periods.js'
import { otherSide, parseVersus, type Versus } from '../../domain/versus.js'
import { dayMs } from '../../domain/time/zones.js'
import { UserError } from '../../errors.js'
import { compareReport } from '../../reports/comparison/compare.js'
import { windowLabel, type ComparedSide } from '../../reports/comparison/compared-side.js'
import { readSaved, type Saved } from '../../reports/comparison/saved.js'
import type { Report } from '../../reports/report.js'
import { dimensionsBy } from '../grouping.js'
import { convertedOptions, type CommandSpec, type Invocation } from '../command.js'
import { askModels, askMovers, askShared, askSide, askSides } from '../../questions/comparing.js'
import { doubtsAbout, type Question } from '../../questions/question.js'
import { convertingOf, filtersIn } from './converting.js'
import { optionCount, optionText } from '../option-values.js'
import { withCalls } from '../with-calls.js'
import { filterDoubts } from '../../questions/filter-doubts.js'
import { settingsOf } from '../settings.js'

export const compareCommand: CommandSpec = {
  name: 'compare',
  summary: 'two periods, models, prompt versions or environments side by side',
  details: [
    'One side is what --since, --until and --where say (default: the last 7 complete days). The other is the same, but for what --vs says:',
    '  a window: previous (as long, just before; the default), 14d (the 14 days before), last-month or another word of --since, 2026-08-01..2026-09-01 (the end is not included);',
    '  a filter: model=gpt-4o-mini takes the place of --where model=…; any dimension will do; or both, with two --vs.',
    'Differences are the first side less the other, ratios the first by the other. Periods of different length are compared by figures a day.',
  ].join('\n'),
  more: [
    "Whether calls cost more by more than chance: the 95 % interval of the ratio of the mean costs (Welch's, on its logarithm; each side with no less than the relative spread of both together). Under 30 calls a side, or where a few calls decide the mean, it says that the calls are too few.",
    'Who explains the difference: the groups of each --by whose cost moved most; their differences add up to the whole.',
  ].join('\n'),
  options: [
    {
      flags: '--vs <window|filter>',
      about: 'in what the other side differs',
      repeatable: true,
      group: 'Question',
    },
    {
      flags: '--against <file>',
      about: 'the other side is a saved answer: --json of report, compare or breakdown',
      group: 'Question',
    },
    {
      flags: '--by <dimensions>',
      about: 'who explains the difference: dimensions with commas, one table each; or none',
      fallback: 'feature,model,user',
      group: 'Question',
    },
    {
      flags: '-n, --top <n>',
      about: 'groups in each of these tables, and one row (others) for all the rest',
      fallback: '5',
      group: 'Question',
    },
    ...convertedOptions,
  ],
  examples: [
    { command: 'llmcost compare', about: 'the last 7 complete days against the 7 before' },
    {
      command: 'llmcost compare --since this-month --vs last-month',
      about: 'this month so far, figures a day',
    },
    {
      command: 'llmcost compare --since 2026-09-01 --until 2026-10-01 --vs 2026-08-01..2026-09-01',
      about: 'two months',
    },
    { command: 'llmcost compare --where model=gpt-4o --vs model=gpt-4o-mini', about: 'two models' },
    {
      command: 'llmcost compare --where prompt=v2 --vs prompt=v1 --since 30d --by none',
      about: 'two prompt versions',
    },
    { command: 'llmcost compare --where env=production --vs env=staging', about: 'two environments' },
    {
      command: 'llmcost compare --against last-week.json',
      about: 'with what compare --json printed last week',
    },
  ],
  run: async (invocation) => {
    const { tz, config } = await settingsOf(invocation)
    const vs = invocation.options['vs']
    const given = Array.isArray(vs) ? vs.map(String) : []
    const by = await moverDimensions(invocation)
    const top = optionCount(invocation, 'top') ?? 5
    const { warn } = invocation.terminal
    const currency = (await convertingOf(invocation, config))?.currency
    const saved = savedSide(invocation, given, currency)
    const others = currency === undefined ? given : filtersIn(currency, given, '--vs')
    const versus = parseVersus(others, invocation.now, tz, config.groups)
    const week = (until: Date, zone: string): ReturnType<typeof lastPeriod> => lastPeriod('7d', until, zone)
    const work = (question: Question): Promise<Report> =>
      saved === undefined ? compareCalls(question, versus, by, { top, warn }) : compareSaved(question, saved)
    return { report: await withCalls(invocation, work, week) }
  },
}

interface MoverDimensions {
  readonly by: readonly Dimension[]
  /** Asked for by name: shown even where the sides differ in them. */
  readonly given: boolean
}

async function moverDimensions(invocation: Invocation): Promise<MoverDimensions> {
  const by = await dimensionsBy(invocation, 'feature,model,user')
  const time = by.find(({ kind }) => kind === 'time')
  if (time === undefined) return { by, given: invocation.given('by') }
  throw new UserError(`--by ${time.key}: a time explains no difference`, {
    code: 'usage',
    hint: 'Name dimensions such as feature,model,user. For a course of time: llmcost trend.',
  })
}

async function compareCalls(
  question: Question,
  versus: Versus,
  { by, given }: MoverDimensions,
  { top, warn }: { readonly top: number; readonly warn: (text: string) => void },
): Promise<Report> {
  const other = otherSide(question.scope, versus, question.asOf)
  question.alsoAbout?.(other)
  for (const doubt of await filterDoubts(question.db, { ...other, filters: [] }, versus.readings)) warn(doubt)
  const sides = await askSides(question, other)
  const [a, b] = sides
  // What the sides differ in by themselves explains nothing.
  const told = new Set(versus.filters.map(({ dimension }) => dimension))
  const telling = by.filter(({ key }) => given || !told.has(key))
  const moved = await askMovers(question, other, sides, telling, top)
  return compareReport({
    a,
    b,
    shared: await askShared(question, other),
    moved,
    models: told.has(dimensionOf('model').key)
      ? undefined
      : await askModels(question, other, sides, moved, top),
    doubts: [
      await doubtsAbout(question, a.figures),
      await doubtsAbout({ ...question, scope: other }, b.figures),
    ],
  })
}

interface SavedFile extends Saved {
  readonly path: string
}

/** Larger files are no answer of ours. */
const largestFile = 20_000_000

function savedSide(
  invocation: Invocation,
  versus: readonly string[],
  currency: Currency | undefined,
): SavedFile | undefined {
  const path = optionText(invocation, 'against')
  if (path === undefined) return undefined
  const other = versus.length > 0 ? 'vs' : ['by', 'top'].find((name) => invocation.given(name))
  if (other !== undefined) {
    throw new UserError(`--against and --${other} do not go together`, {
      code: 'usage',
      hint:
        other === 'vs'
          ? 'Both name the other side: leave one of them out.'
          : 'A saved answer has no calls that could be grouped.',
    })
  }
  return { ...readSaved(fileText(path), path, currency), path }
}

function fileText(path: string): string {
  try {
    if (statSync(path).size <= largestFile) return readFileSync(path, 'utf8')
  } catch (error) {
    throw new UserError('the saved answer cannot be read', {
      code: 'usage',
      location: path,
      hint: 'Check --against; llmcost report --json > last-week.json saves an answer.',
      cause: error,
    })
  }
  throw new UserError('is too large for an answer of llmcost', { code: 'usage', location: path })
}

async function compareSaved(question: Question, saved: SavedFile): Promise<Report> {
  const { basis } = question.scope
  if (saved.basis !== basis)
    throw new UserError(
      `counts ${saved.basis ?? 'the usual'} cost, and this question ${basis ?? 'the usual'}`,
      {
        code: 'usage',
        location: saved.path,
        hint: saved.basis === undefined ? 'Leave out --cost.' : `Ask with --cost ${saved.basis}, too.`,
      },
    )
  const label = windowLabel(question.scope, question.scope.tz)
  const a = await askSide(question, label)
  const file = basename(saved.path)
  const b = savedAsSide(saved, file)
  return compareReport({
    a,
    b,
    file,
    shared: 0,
    moved: [],
    doubts: [await doubtsAbout(question, a.figures)],
  })
}

function savedAsSide({ window, tz, filters, figures }: Saved, label: string): ComparedSide {
  const { since, until } = window
  const days = wholeDays(window, tz)
  const length = since === null || until === null ? null : Date.parse(until) - Date.parse(since)
  const ms = days === null ? length : days * dayMs
  return { label, window, tz, filters, ms, running: false, complete: true, figures }
}
