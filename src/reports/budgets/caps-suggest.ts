/** Suggested caps: their levels, what each set would have refused, and a block for the config file. */
import type { CapRules, OwnCaps } from '../../domain/budgets/budget.js'
import { leastMonthDays } from '../../domain/budgets/suggested-caps.js'
import { capNames, noCap } from '../../domain/budgets/user-caps.js'
import { localDate } from '../../domain/time/periods.js'
import { visible } from '../../domain/words/hidden.js'
import { counted } from '../../domain/words/plurals.js'
import type { CapLevelRow } from '../../metrics/budgets/caps-levels.js'
import { column } from '../columns.js'
import { emptyText, footerOf, warningsOf, type Doubts } from '../notes.js'
import type { Cell, Report, Row, Section } from '../report.js'
import { userWarnings } from './caps-report.js'
import { sentence, setsSection, type CapsReplayAnswer } from './caps-replay.js'

interface CapSet {
  readonly name: string
  readonly rules: CapRules
}

export interface CapsSuggestAnswer extends CapsReplayAnswer {
  readonly levels: readonly CapLevelRow[]
  readonly suggested: readonly CapSet[]
  readonly chosen: CapSet | undefined
  readonly windowDays: number
}

/** Below so many spans a 99th percentile is nearly the greatest. */
const fewSpans = 100

/** @param asYaml the command that prints the block for the config file */
export function capsSuggestReport(answer: CapsSuggestAnswer, doubts: Doubts, asYaml: string): Report {
  const { scope, measured, chosen } = answer
  const levels = levelsSection(answer)
  const nothing = chosen === undefined
  const { id, title, columns } = levels
  return {
    kind: 'caps_suggest',
    title: 'Suggested caps',
    period: { since: scope.since, until: scope.until, tz: scope.tz },
    sections: nothing
      ? [{ id, title, columns, rows: [], empty: emptyOf(answer, doubts) }]
      : [levels, { ...setsSection(answer), title: 'What they would have refused' }],
    warnings: [...warningsOf(doubts), ...userWarnings(measured)],
    data: { user_caps: chosen === undefined ? null : (chosen.rules as Cell) },
    ...(nothing ? {} : { next: [asYaml] }),
    footer: footerOf(doubts.history),
  }
}

const emptyOf = ({ measured }: CapsSuggestAnswer, doubts: Doubts): string =>
  Number(measured.calls) === 0
    ? (emptyText(doubts) ?? 'no calls')
    : 'no call of a user has a cost or tokens in this window: nothing to suggest'

function levelsSection({ suggested, levels, windowDays }: CapsSuggestAnswer): Section {
  const rows = suggested.flatMap(({ name, rules }) => {
    const { tiers = {}, users = {}, ...all } = rules
    const layers: [string | null, OwnCaps][] = [
      ...(Object.keys(all).length > 0 ? [[null, all] as [null, OwnCaps]] : []),
      ...Object.entries(tiers),
      ...Object.entries(users).map(([user, caps]): [string, OwnCaps] => [`user ${user}`, caps]),
    ]
    return layers.map(([tier, caps]) => levelRow(name, tier, caps))
  })
  const used = capNames.filter((cap) => rows.some((row) => row[cap] !== null))
  return {
    id: 'levels',
    title: 'Suggested caps',
    columns: [
      column('set', 'caps', 'text'),
      { ...column('tier', 'tier', 'text'), dimension: true },
      ...used.map((cap) => column(cap, titles[cap], cap.endsWith('_usd') ? 'usd' : 'count')),
    ],
    rows,
    shownRows: rows.map((row) => ({ ...row, tier: row['tier'] ?? 'all others' })),
    notes: levelNotes(levels, windowDays),
  }
}

const titles: Readonly<Record<(typeof capNames)[number], string>> = {
  request_tokens: 'tokens a request',
  request_input_tokens: 'input tokens a request',
  request_output_tokens: 'output tokens a request',
  request_usd: 'a request',
  hourly_usd: 'an hour',
  daily_usd: 'a day',
  monthly_usd: 'a month',
}

const levelRow = (set: string, tier: string | null, caps: OwnCaps): Row => ({
  set,
  tier,
  ...Object.fromEntries(capNames.map((cap) => [cap, caps[cap] ?? null])),
})

function levelNotes(levels: readonly CapLevelRow[], windowDays: number): string[] {
  const few = levels.filter(
    ({ cap, is_all, spans }) => cap === 'monthly_usd' && !is_all && Number(spans) < fewSpans,
  )
  return [
    'p99: of 100 requests, hours or days in which a user of the tier used something, 99 used no more; rounded up to two digits',
    windowDays >= leastMonthDays
      ? "a month: the p99 of the users' costs in the window, as of 30 days"
      : `no cap on a month follows from a window of less than ${leastMonthDays} days`,
    ...(few.length > 0 && windowDays >= leastMonthDays
      ? [
          `a month by less than ${fewSpans} users is that of the one who used most, or nearly: ${few.map(({ tier, users }) => `${tier ?? 'no tier'} has ${counted(users, 'user', 'users')}`).join(', ')}`,
        ]
      : []),
  ]
}

/** The block for the config file, in YAML: what was chosen, with what it would have done above it. */
export function capsBlock({ chosen, sets, scope }: CapsSuggestAnswer): string {
  if (chosen === undefined) return ''
  const rows = sets.find(({ name }) => name === chosen.name)?.rows ?? []
  const verdict = sentence(
    'On these calls it',
    rows.find(({ part }) => part === 'all'),
    undefined,
  )
  const until =
    scope.until === null ? '' : localDate(new Date(Date.parse(scope.until) - 1).toISOString(), scope.tz)
  const since = scope.since === null ? 'the first call' : localDate(scope.since, scope.tz)
  const { tiers = {}, users = {}, ...all } = chosen.rules
  const lines = [
    `# Suggested by the calls from ${since} to ${until} (${chosen.name}).`,
    `# ${verdict}.`,
    'user_caps:',
    ...capLines(all, '  '),
    ...layerLines('tiers', tiers),
    ...layerLines('users', users),
  ]
  return `${lines.join('\n')}\n`
}

function layerLines(name: string, layer: Readonly<Record<string, OwnCaps>>): string[] {
  const groups = Object.entries(layer)
  if (groups.length === 0) return []
  return [
    `  ${name}:`,
    ...groups.flatMap(([key, caps]) => [`    ${quotedKey(key)}:`, ...capLines(caps, '      ')]),
  ]
}

const capLines = (caps: OwnCaps, indent: string): string[] =>
  capNames.flatMap((cap) => {
    const value = caps[cap]
    return value === undefined ? [] : [`${indent}${cap}: ${value ?? noCap}`]
  })

/** As JSON has it, which YAML reads; what would act on a terminal is spelled. */
const quotedKey = (key: string): string =>
  Array.from(JSON.stringify(key), (letter) =>
    visible(letter) === letter && !/[\u007F-\u009F\u2028\u2029\uFEFF]/.test(letter)
      ? letter
      : spelled(letter),
  ).join('')

/** Each unit of UTF-16 as `\u202e`. */
const spelled = (letter: string): string =>
  Array.from(
    { length: letter.length },
    (_, i) => String.raw`\u${letter.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('')
