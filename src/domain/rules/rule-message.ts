/** Messages of rules: a template such as `{subject} cost {measured}`, checked when the config file is read. */
import { tokenCaps } from '../budgets/user-caps.js'
import { duration } from '../time/duration.js'
import { UserError } from '../../errors.js'
import { dimensionNoun, dimensionOf } from '../dimensions.js'
import type { Rule } from './rule.js'
import type { RuleUnit } from './rule-kind.js'
import { ruleKinds, type RuleKindName } from './rule-kinds.js'
import type { Filter } from '../scope.js'
import { counted, plural } from '../words/plurals.js'
import { count, number, percent, usd, utcMinute } from '../words/wording.js'
import { namedWords } from '../words/subjects.js'
import { hourMs } from '../time/zones.js'

type Figure = string | number | null

/** One subject for which a rule holds. */
export interface RuleSubject {
  readonly dimension: string | null
  readonly value: string | null
  readonly measured: Figure
  /** What it was held against: the rule's own bound, or one worked out. */
  readonly bound: Figure
  readonly details: Readonly<Record<string, Figure>>
}

/** What every message may name, and what it becomes. */
const placeholders: Readonly<Record<string, (rule: Rule, subject: RuleSubject, since: string) => string>> = {
  rule: ({ name }) => name,
  kind: ({ kind }) => kind,
  severity: ({ severity }) => severity,
  subject: ({ filters }, subject) => subjectWords(subject, filters),
  dimension: (_, { dimension }) => dimension ?? '',
  value: (_, { value }) => value ?? '(none)',
  measured: ({ kind }, { measured, details }) => inUnit(measured, unitOf(kind, details)),
  bound: ({ kind }, { bound, details }) => inUnit(bound, unitOf(kind, details)),
  window: ({ windowHours }) => spanWords(windowHours ?? 0),
  for: ({ forHours }) => spanWords(forHours),
  against: ({ againstHours }) => spanWords(againstHours ?? 0),
  since: (_, __, since) => inUnit(since, 'time'),
  because: (_, { details }) => becauseWords(details),
}

/** What a message may end with: `: user ada explains $14.20 (94%), and 2 smaller ones`; nothing where nothing is known. */
function becauseWords({ cause, folded }: RuleSubject['details']): string {
  const ones = Number(folded ?? 0)
  const more = ones > 0 ? `, and ${count(ones)} smaller ${plural(ones, 'one')}` : ''
  return `${cause === null || cause === undefined ? '' : `: ${cause}`}${more}`
}

/** Names that a message of this kind may hold in braces. */
function placeholdersOf(kind: RuleKindName): readonly string[] {
  return [...new Set([...Object.keys(placeholders), ...Object.keys(ruleKinds[kind].details)])]
}

/** @throws UserError (usage) for a placeholder that the kind does not have */
export function assertMessage(template: string, kind: RuleKindName, said: string): void {
  const known = placeholdersOf(kind)
  const wrong = [...template.matchAll(/\{([^{}]*)\}/g)].find(([, name = '']) => !known.includes(name))
  const stray = /[{}]/.exec(template.replaceAll(/\{[^{}]*\}/g, ''))
  if (wrong === undefined && stray === null) return
  throw new UserError(
    wrong === undefined
      ? `${said} has a brace without its other half`
      : `${said}: {${wrong[1]}} is no placeholder of ${kind}`,
    { code: 'usage', hint: `Known: ${known.map((name) => `{${name}}`).join(', ')}.` },
  )
}

/** The message for people. @param since when it began to hold, ISO 8601 UTC */
export function ruleMessage(rule: Rule, subject: RuleSubject, since: string): string {
  const { details } = ruleKinds[rule.kind]
  return rule.message.replaceAll(/\{([^{}]*)\}/g, (whole, name: string) => {
    const unit = details[name]
    const given = subject.details[name]
    if (unit !== undefined && given !== undefined) {
      return unit === 'text' ? String(given ?? '–') : inUnit(given, unit)
    }
    return placeholders[name]?.(rule, subject, since) ?? whole
  })
}

/** What a figure of what fired is in: a cap on tokens is not in USD, as the others are. */
export function unitOf(kind: RuleKindName, details: Readonly<Record<string, unknown>> = {}): RuleUnit {
  return tokenCaps.some((cap) => cap === details['cap_key']) ? 'count' : ruleKinds[kind].unit
}

/** `all calls`, `feature search`, `calls without a feature`, `user u1 (team=support)` */
export function subjectWords(
  { dimension, value }: Pick<RuleSubject, 'dimension' | 'value'>,
  filters: readonly Filter[],
): string {
  const narrowed = filters.map(({ dimension: key, operator, value: to }) => key + operator + to).join(', ')
  if (narrowed === '') return wordsOf(dimension, value)
  return dimension === null && value === null
    ? `calls with ${narrowed}`
    : `${wordsOf(dimension, value)} (${narrowed})`
}

function wordsOf(dimension: string | null, value: string | null): string {
  if (dimension === null) return value ?? 'all calls'
  if (dimension === 'budget') return `budget ${value ?? ''}`
  if (value === null) return `calls without a ${dimensionNoun(dimensionOf(dimension))}`
  return namedWords(dimension, value)
}

/** `hour`, `24 hours`, `7 days`: after "the last". */
function spanWords(hours: number): string {
  if (hours === 1) return 'hour'
  return hours >= 48 && hours % 24 === 0 ? `${hours / 24} days` : `${hours} hours`
}

/** A figure as people read it. */
export function inUnit(value: Figure, unit: RuleUnit): string {
  if (value === null) return '–'
  switch (unit) {
    case 'usd':
      return usd(value)
    case 'share':
      return percent(value)
    case 'ratio':
      return `${number(value)} ×`
    case 'ms':
      return duration(Number(value))
    case 'hours':
      return duration(Number(value) * hourMs)
    case 'days':
      return counted(value, 'day')
    case 'count':
      return count(value)
    case 'time':
      return utcMinute(String(value))
    case 'any':
      return Number.isFinite(Number(value)) ? number(value) : String(value)
  }
}
