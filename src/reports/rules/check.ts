/** What `llmcost check` answers with: the rules that fire. */
import type { Rule } from '../../domain/rules/rule.js'
import { inUnit, unitOf } from '../../domain/rules/rule-message.js'
import type { RuleKindName } from '../../domain/rules/rule-kinds.js'
import { counted } from '../../domain/words/plurals.js'
import { hourMs } from '../../domain/time/zones.js'
import type { FiredRule } from '../../rules/fired.js'
import { mostSinceSteps } from '../../rules/held.js'
import { column } from '../columns.js'
import { foldedCaps } from './folded-caps.js'
import { emptyText, footerOf, warningsOf, type Doubts } from '../notes.js'
import { matchesNever, unmatchedWords } from '../unmatched.js'
import type { Column, Finding, Period, Report, Row, Section } from '../report.js'

interface Named {
  readonly rule: Rule
}

export interface Unjudged {
  readonly failed: readonly (Named & { readonly message: string })[]
  readonly idle: readonly (Named & { readonly reason: string })[]
}

interface CheckAnswer extends Unjudged {
  readonly fired: readonly FiredRule[]
  readonly judged: readonly Rule[]
}

export const severityTones = { info: 'good', warning: 'caution', critical: 'bad' } as const

const columns: readonly Column[] = [
  { ...column('severity', 'severity', 'status'), tones: severityTones },
  column('rule', 'rule', 'text'),
  column('kind', 'kind', 'text'),
  column('dimension', 'dimension', 'text'),
  column('value', 'value', 'text'),
  column('measured', 'measured', 'json'),
  column('bound', 'bound', 'json'),
  column('since', 'since', 'time'),
  column('text', 'text', 'text'),
  column('key', 'key', 'text'),
]

/** Figures of several units stand in one column: as texts, each in its own. The sentence stands below. */
const shownColumns: readonly Column[] = [
  { ...column('severity', 'severity', 'status'), tones: severityTones },
  column('rule', 'rule', 'text'),
  column('about', 'about', 'text', 1),
  column('measured', 'measured', 'text'),
  column('bound', 'bound', 'text', 2),
  column('since', 'holds since', 'time', 3),
]

function shownRow({ kind, severity, rule, measured, bound, since, details }: FiredRule): Row {
  const unit = unitOf(kind as RuleKindName, details)
  return {
    severity,
    rule,
    about: details?.['subject'] ?? null,
    measured: inUnit(measured, unit),
    bound: bound === null ? null : inUnit(bound, unit),
    since,
  }
}

/** @param asOf the moment that was judged */
export function checkReport(answer: CheckAnswer, doubts: Doubts, asOf: Date): Report {
  const { fired, judged } = answer
  const shown = foldedCaps(fired)
  const none = doubts.history.last_ts === null
  const section: Section = {
    id: 'fired',
    title: 'Fired rules',
    columns,
    rows: fired.map(rowOf),
    shownRows: shown.map(shownRow),
    shownColumns,
    notes: sinceNotes(fired, asOf),
    empty: none ? emptyText(doubts) : `${ruleCount(judged)} checked, none fires`,
  }
  return {
    kind: 'check',
    title: 'Check',
    period: periodOf(doubts, asOf),
    sections: [section],
    findings: [...shown.map(findingOf), ...failedFindings(answer)],
    warnings: [...warningsOf(doubts), ...unmatchedWarnings(doubts), ...idleWarnings(answer)],
    data: {
      checked_rules: judged.map(({ name }) => name),
      failed_rules: answer.failed.map(({ rule }) => rule.name),
      idle_rules: answer.idle.map(({ rule }) => rule.name),
    },
    footer: footerOf(doubts.history),
  }
}

/** A check does not look back for ever: what holds all the way may have held for longer. */
function sinceNotes(fired: readonly FiredRule[], asOf: Date): string[] {
  const farthest = asOf.getTime() - mostSinceSteps * hourMs
  return fired.some(({ since }) => Date.parse(since) <= farthest)
    ? [`holds since: looked for in ${mostSinceSteps / 24} days; what holds that long may hold longer`]
    : []
}

export const periodOf = ({ scope }: Doubts, asOf: Date): Period => ({
  since: null,
  until: asOf.toISOString(),
  tz: scope.tz,
})

const ruleCount = (rules: readonly Rule[]): string => counted(rules.length, 'rule')

function rowOf({
  key,
  rule,
  kind,
  severity,
  dimension,
  value,
  measured,
  bound,
  since,
  text,
}: FiredRule): Row {
  return { key, rule, kind, severity, dimension, value, measured, bound, since, text }
}

/** As the list under other answers has it. */
function findingOf({
  kind,
  severity,
  dimension,
  value,
  measured,
  bound,
  text,
  key,
  rule,
  since,
  details,
}: FiredRule): Finding {
  return {
    kind,
    severity,
    dimension,
    value,
    measured,
    bound,
    text,
    details: { ...details, key, rule, since },
  }
}

/** A rule that cannot be judged watches nothing, which is worth knowing at once. */
export function failedFindings({ failed }: Unjudged): Finding[] {
  return failed.map(({ rule, message }) => ({
    kind: 'rule_failed',
    severity: 'critical',
    dimension: null,
    value: null,
    measured: null,
    bound: null,
    text: `rule ${rule.name} could not be judged: ${message}`,
    details: { rule: rule.name },
  }))
}

export const idleWarnings = ({ idle }: Unjudged): string[] =>
  idle.map(({ rule, reason }) => `rule ${rule.name} was not judged: ${reason}`)

/** That nothing fires says nothing, where a mistyped `--where` left nothing to judge. */
export const unmatchedWarnings = (doubts: Doubts): string[] =>
  doubts.unmatched.filter(matchesNever).map((one) => unmatchedWords(one, doubts.scope))

/** What stands in the place of rules when none is configured. */
export function noRulesReport(tz: string, path: string | undefined): Report {
  return {
    kind: 'check',
    title: 'Check',
    period: { since: null, until: null, tz },
    sections: [
      {
        id: 'fired',
        title: 'Fired rules',
        columns,
        rows: [],
        empty: 'No rule is set, so nothing is watched.',
        notes: [
          path === undefined
            ? 'llmcost init --rules writes a config file with a set to begin with; llmcost check --dry-run then tells how often each would have fired'
            : `rules stand in ${path}, under rules; llmcost init --rules rules.yaml writes a set to copy from`,
        ],
      },
    ],
    findings: [],
    warnings: [],
  }
}
