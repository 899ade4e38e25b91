/**
 * For which subjects a rule holds at which moments, and what follows: since when it has held, whether it has
 * held long enough to fire, when it would have started. Moments are steps of an hour back from as-of, 0 the
 * youngest; all of it comes from the calls themselves, so that no earlier run is needed and any moment's
 * verdict is the same whenever it is asked for.
 */
import type { Rule } from '../domain/rules/rule.js'
import { ruleMessage, subjectWords, type RuleSubject } from '../domain/rules/rule-message.js'
import { hourMs } from '../domain/time/zones.js'
import type { FiredRule } from './fired.js'

/** A rule holds for a subject at a moment. */
export interface Held extends RuleSubject {
  readonly rule: Rule
  readonly step: number
  /** Tells subjects apart where dimension and value do not: a cap, a row's place. */
  readonly part?: string
}

/** One subject of one rule, with the moments at which the rule holds for it. */
export interface HeldSubject {
  readonly key: string
  readonly rule: Rule
  readonly steps: ReadonlyMap<number, Held>
}

/**
 * Earlier moments that a check looks at beyond those it needs, to say since when a rule holds; and so many when
 * that is not enough.
 */
export const sinceSteps = 24
export const mostSinceSteps = 30 * 24

/** Same rule and subject, same key. */
const keyOf = ({ rule, dimension, value, part }: Held): string =>
  subjectKey(rule.name, { dimension, value, part })

/** What a rule's alerts about a subject are told apart by, run after run. */
export function subjectKey(
  rule: string,
  { dimension, value, part }: Pick<Held, 'dimension' | 'value'> & { readonly part: string | undefined },
): string {
  const subject =
    dimension === null
      ? value === null
        ? ''
        : `:${JSON.stringify(value)}`
      : `:${dimension}=${JSON.stringify(value)}`
  return `${rule}${subject}${part === undefined ? '' : `:${part}`}`
}

/** By subject, in the order in which the rules and then their subjects come. */
function bySubject(held: readonly Held[]): readonly HeldSubject[] {
  const subjects = new Map<string, { key: string; rule: Rule; steps: Map<number, Held> }>()
  for (const one of held) {
    const key = keyOf(one)
    const subject = subjects.get(key) ?? { key, rule: one.rule, steps: new Map<number, Held>() }
    subject.steps.set(one.step, one)
    subjects.set(key, subject)
  }
  return [...subjects.values()]
}

/** Whether it has held at a moment and for as long before as the rule asks. */
function firesAt({ rule, steps }: HeldSubject, step: number): boolean {
  for (let back = 0; back <= rule.forHours; back++) if (!steps.has(step + back)) return false
  return true
}

/** The oldest moment of the unbroken run that ends with this one. */
function beganAt({ steps }: HeldSubject, step: number): number {
  let oldest = step
  while (steps.has(oldest + 1)) oldest++
  return oldest
}

const isoOf = (asOf: Date, step: number): string => new Date(asOf.getTime() - step * hourMs).toISOString()

/** Rules that fire and have held at each of so many moments: since when, only older ones can tell. */
export function longHeld(held: readonly Held[], steps: number): readonly Rule[] {
  const long = bySubject(held).filter(
    (subject) => firesAt(subject, 0) && beganAt(subject, 0) >= steps + subject.rule.forHours - 1,
  )
  return [...new Set(long.map(({ rule }) => rule))]
}

/** What fires at as-of: the gravest first, then in the order of the rules. */
export function firedRules(held: readonly Held[], asOf: Date): readonly FiredRule[] {
  const grave = { critical: 0, warning: 1, info: 2 }
  return bySubject(held)
    .filter((subject) => firesAt(subject, 0))
    .map((subject) => firedRule(subject, asOf))
    .toSorted((a, b) => grave[a.severity] - grave[b.severity])
}

function firedRule(subject: HeldSubject, asOf: Date): FiredRule {
  const { key, rule } = subject
  const now = subject.steps.get(0)
  if (now === undefined) throw new Error(`${key} does not hold`)
  const since = isoOf(asOf, beganAt(subject, 0))
  const { dimension, value, measured, bound, details } = now
  return {
    key,
    rule: rule.name,
    kind: rule.kind,
    severity: rule.severity,
    dimension,
    value,
    measured,
    bound,
    since,
    text: ruleMessage(rule, now, since),
    details: { ...details, subject: subjectWords(now, rule.filters) },
  }
}

/** What a rule would have done over some time. */
export interface RuleHistory {
  readonly rule: Rule
  /** How often it began to fire, for whichever subject. */
  readonly starts: number
  /** Subjects for which it fired, and hours in which it fired for at least one. */
  readonly subjects: number
  readonly hours: number
  /** Of the starts, the youngest first. */
  readonly examples: readonly FiredStart[]
}

export interface FiredStart {
  /** The moment at which it began to fire, ISO 8601 UTC. */
  readonly at: string
  readonly text: string
}

/** @param steps moments that count: 0 up to, not including, this one; one more must have been judged */
export function historyOf(
  rule: Rule,
  held: readonly Held[],
  { asOf, steps, examples }: { readonly asOf: Date; readonly steps: number; readonly examples: number },
): RuleHistory {
  const hours = new Set<number>()
  const starts: { step: number; subject: HeldSubject }[] = []
  const subjects = bySubject(held.filter((one) => one.rule === rule)).filter((subject) => {
    const fired = [...subject.steps.keys()].filter((step) => step < steps && firesAt(subject, step))
    for (const step of fired) {
      hours.add(step)
      if (!firesAt(subject, step + 1)) starts.push({ step, subject })
    }
    return fired.length > 0
  })
  const shown = starts
    .toSorted((a, b) => a.step - b.step || (a.subject.key < b.subject.key ? -1 : 1))
    .slice(0, examples)
  return {
    rule,
    starts: starts.length,
    subjects: subjects.length,
    hours: hours.size,
    examples: shown.flatMap(({ step, subject }) => {
      const now = subject.steps.get(step)
      const since = isoOf(asOf, beganAt(subject, step))
      return now === undefined ? [] : [{ at: isoOf(asOf, step), text: ruleMessage(rule, now, since) }]
    }),
  }
}
