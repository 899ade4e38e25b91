/** `llmcost completion`: what the shell asks when the tab key is pressed. */
import { billSources } from '../../billing/registry.js'
import { complete, type Candidate, type Completion } from '../line/completing.js'
import { installing, scripts, shells, wordsVariable } from '../line/completion-scripts.js'
import { centerDimension, dimensionOf, dimensions, shortForms } from '../../domain/dimensions.js'
import { hidesSomething } from '../../domain/words/hidden.js'
import { closestNames } from '../../domain/words/names.js'
import { UserError } from '../../errors.js'
import { importers } from '../../importers/registry.js'
import { breakdown, type BreakdownRow } from '../../metrics/breakdown.js'
import { measureNames } from '../../metrics/measures/registry.js'
import { filesQuery } from '../../metrics/store/status.js'
import type { Query } from '../../metrics/query.js'
import { renderers } from '../../renderers/registry.js'
import { storeOptions, type CommandSpec, type Invocation } from '../command.js'
import { settingsOf } from '../settings.js'
import type { Settings } from '../../questions/question.js'

const words: CommandSpec = {
  name: 'words',
  summary: 'what the word under the cursor may be, for the scripts of the shells',
  details: [
    'Answers with a line for each candidate: value, tab, description.',
    'The last line begins with a colon: files where paths fit too, open where no space follows.',
    `Where a shell cannot hand over every word as it is, they stand in ${wordsVariable}, one a line.`,
  ].join('\n'),
  arguments: [
    { name: '[words...]', about: 'the words after llmcost up to the cursor, the last being typed' },
  ],
  options: [...storeOptions],
  examples: [{ command: "llmcost completion words -- breakdown --by ''", about: 'the dimensions' }],
  run: async (invocation) => {
    const { loadCommands } = await import('../registry.js')
    const { args, env } = invocation
    const typed = args.length > 0 ? args : (env[wordsVariable] ?? '').split('\n')
    const answer = await complete(typed, await loadCommands(), (placeholder, partial, option) =>
      values(option?.takesCenters === true ? 'dimensionsAndCenters' : placeholder, partial, invocation),
    )
    const directive = `:${[answer.files ? 'files' : '', answer.open ? 'open' : ''].join(' ').trim()}`
    // A value that hides something cannot be typed, and must not reach the terminal.
    const typable = answer.candidates
      .filter(({ value, about }) => !hidesSomething(value + about))
      .map(({ value, about }) => `${value}\t${about}`)
    return { text: `${[...typable, directive].join('\n')}\n` }
  },
}

export const completionCommand: CommandSpec = {
  name: 'completion',
  summary: 'print the script that lets a shell complete commands, options and values',
  details: [
    'How to use it:',
    ...shells.map((shell) => `  ${shell.padEnd(12)}${installing[shell]}`),
    'Values come from the program and, for --where, from the database: features, models, users.',
  ].join('\n'),
  arguments: [{ name: '<shell>', about: shells.join(', ') }],
  options: [],
  examples: [
    { command: 'eval "$(llmcost completion bash)"', about: 'for this session of bash' },
    {
      command: 'llmcost completion fish > ~/.config/fish/completions/llmcost.fish',
      about: 'for fish, from now on',
    },
  ],
  subcommands: [words],
  run: async ({ args: [asked = ''] }) => {
    const shell = shells.find((known) => known === asked)
    if (shell !== undefined) return { text: scripts[shell] }
    throw new UserError(`${asked} is not a shell that can be completed`, {
      code: 'usage',
      hint: `Choose one of ${shells.join(', ')}; the closest: ${closestNames(asked, shells, 1).join()}.`,
    })
  },
}

/** More would not be read. */
const longest = 100

type Values = (partial: string, invocation: Invocation) => Promise<Completion> | Completion

const some = (
  candidates: readonly Candidate[],
  partial: string,
  more: Partial<Completion> = {},
): Completion => ({
  candidates: candidates.filter(({ value }) => value.toLowerCase().startsWith(partial.toLowerCase())),
  files: false,
  open: false,
  ...more,
})

const plain = (list: readonly string[]): Candidate[] => list.map((value) => ({ value, about: '' }))

const files: Values = () => ({ candidates: [], files: true, open: false })

/** A list with commas: what is complete stays, the last piece is completed. */
function listed(candidates: readonly Candidate[]): Values {
  return (partial) => {
    const cut = partial.lastIndexOf(',') + 1
    const head = partial.slice(0, cut)
    const taken = new Set(head.split(','))
    const rest = candidates.filter(({ value }) => !taken.has(value))
    return some(
      rest.map(({ value, about }) => ({ value: head + value, about })),
      partial,
    )
  }
}

const dimensionCandidates: readonly Candidate[] = [
  ...dimensions.map(({ key, about }) => ({ value: key, about })),
  ...Object.entries(shortForms).map(([short, name]) => ({ value: short, about: `short for ${name}` })),
]

const times = ['today', 'yesterday', 'this-week', 'last-week', 'mtd', 'last-month', 'ytd', '7d', '14d', '30d']

/** What each placeholder in an option's flags, or argument, may be. */
const byPlaceholder: Readonly<Record<string, Values>> = {
  dimensions: listed(dimensionCandidates),
  dimensionsAndCenters: listed([
    ...dimensionCandidates,
    { value: centerDimension.key, about: centerDimension.about },
  ]),
  dimension: listed(dimensionCandidates),
  columns: listed(plain(measureNames)),
  column: (partial) => some(plain(measureNames), partial),
  metric: (partial) => some(plain(measureNames), partial),
  filter: filterValues,
  time: (partial) => some(plain(times), partial),
  zone: (partial) => some(plain(['UTC', ...Intl.supportedValuesOf('timeZone')]), partial),
  importer: (partial) =>
    some(
      [...importers, ...billSources].map(({ id, about }) => ({ value: id, about })),
      partial,
    ),
  format: (partial) =>
    some(
      renderers.map(({ id, title }) => ({ value: id, about: title })),
      partial,
    ),
  model: async (partial) => {
    const { loadCatalogue } = await import('../../pricing/catalogue.js')
    const { providers } = await loadCatalogue()
    const names = [...providers.values()].flatMap(({ id, models }) =>
      models.map((model) => `${id}/${model.id}`),
    )
    return some(plain(names.toSorted()), partial)
  },
  shell: (partial) => some(plain(shells), partial),
  file: files,
  path: files,
  source: files,
  sources: files,
  logs: files,
  files: async (partial, invocation) => {
    const rows = await askStore(invocation, filesQuery())
    return some(plain(rows.map(({ path }) => path)), partial)
  },
}

async function values(
  placeholder: string,
  partial: string,
  invocation: Invocation,
): Promise<Completion | undefined> {
  return byPlaceholder[placeholder]?.(partial, invocation)
}

/** `key`, then `key=` with the values that most calls have. */
async function filterValues(partial: string, invocation: Invocation): Promise<Completion> {
  const match = /^([^=!~]+)(!=|=)/.exec(partial)
  if (match === null) {
    const keys = dimensionCandidates.filter(({ value }) => dimensionOf(value).kind !== 'time')
    return some(
      keys.map(({ value, about }) => ({ value: `${value}=`, about })),
      partial,
      { open: true },
    )
  }
  const [head, name = ''] = match
  const everything = { since: null, until: null, filters: [], tz: 'UTC' }
  const query = breakdown({ scope: everything, by: [dimensionOf(name)], measures: ['calls'], top: longest })
  const rows = await askStore<BreakdownRow>(invocation, query)
  const found = rows.filter((row) => !row.is_total && !row.is_others).map(({ d0 }) => String(d0 ?? '(none)'))
  return some(plain(found.map((value) => head + value)), partial)
}

/** A database that is not there, or busy, has no values to offer: a tab key must not complain, or wait. */
async function askStore<R>(invocation: Invocation, query: Query<R>): Promise<readonly R[]> {
  try {
    const settings: Settings = await settingsOf(invocation)
    const { openStoreForReading } = await import('../../db/store.js')
    const db = await openStoreForReading(settings.dbPath, { ...settings.storeOptions, lockTimeoutMs: 0 })
    try {
      return (await db.query<R>(query.sql, query.params)).rows
    } finally {
      db.close()
    }
  } catch (error) {
    if (error instanceof UserError) return []
    throw error
  }
}
