/** What `llmcost check` answers with: the rules that fire, and how often each would have. */
import type { Rule } from '../domain/rule.js'
import { inUnit, unitOf } from '../domain/rule-message.js'
import type { RuleKindName } from '../domain/rule-kinds.js'
import { count } from '../domain/wording.js'
import type { FiredRule } from '../rules/fired.js'
import type { RuleHistory } from '../rules/held.js'
import { column } from './columns.js'
import { emptyText, footerOf, warningsOf, type Doubts } from './notes.js'
import { matchesNever, unmatchedWords } from './unmatched.js'
import type { Cell, Column, Finding, Period, Report, Row, Section } from './report.js'

interface Named {
  readonly rule: Rule
}

interface Unjudged {
  readonly failed: readonly (Named & { readonly message: string })[]
  readonly idle: readonly (Named & { readonly reason: string })[]
}

interface CheckAnswer extends Unjudged {
  readonly fired: readonly FiredRule[]
  readonly judged: readonly Rule[]
}

const tones = { info: 'good', warning: 'caution', critical: 'bad' } as const

const columns: readonly Column[] = [
  { ...column('severity', 'severity', 'status'), tones },
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
  { ...column('severity', 'severity', 'status'), tones },
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
  const none = doubts.history.last_ts === null
  const section: Section = {
    id: 'fired',
    title: 'Fired rules',
    columns,
    rows: fired.map(rowOf),
    shownRows: fired.map(shownRow),
    shownColumns,
    empty: none ? emptyText(doubts) : `${ruleCount(judged)} checked, none fires`,
  }
  return {
    kind: 'check',
    title: 'Check',
    period: periodOf(doubts, asOf),
    sections: [section],
    findings: [...fired.map(findingOf), ...failedFindings(answer)],
    warnings: [...warningsOf(doubts), ...unmatchedWarnings(doubts), ...idleWarnings(answer)],
    data: {
      checked_rules: judged.map(({ name }) => name),
      failed_rules: answer.failed.map(({ rule }) => rule.name),
      idle_rules: answer.idle.map(({ rule }) => rule.name),
    },
    footer: footerOf(doubts.history),
  }
}

const periodOf = ({ scope }: Doubts, asOf: Date): Period => ({
  since: null,
  until: asOf.toISOString(),
  tz: scope.tz,
})

const ruleCount = (rules: readonly Rule[]): string =>
  `${count(rules.length)} ${rules.length === 1 ? 'rule' : 'rules'}`

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
function failedFindings({ failed }: Unjudged): Finding[] {
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

const idleWarnings = ({ idle }: Unjudged): string[] =>
  idle.map(({ rule, reason }) => `rule ${rule.name} was not judged: ${reason}`)

interface DryRun extends Unjudged {
  readonly histories: readonly RuleHistory[]
}

/** @param days that were judged, hour by hour */
export function dryRunReport(answer: DryRun, doubts: Doubts, asOf: Date, days: number): Report {
  const since = new Date(asOf.getTime() - days * 86_400_000).toISOString()
  const rows = answer.histories.map(historyRow)
  const section: Section = {
    id: 'dry_run',
    title: `What would have fired in ${days} days`,
    columns: [
      column('rule', 'rule', 'text'),
      { ...column('kind', 'kind', 'text'), dataOnly: true },
      { ...column('severity', 'severity', 'status', 6), tones },
      column('starts', 'times', 'count'),
      column('subjects', 'for', 'count', 5),
      column('hours', 'hours', 'count'),
      column('starts_per_week', 'times a week', 'number', 3),
      column('latest_at', 'the last', 'time', 4),
      { ...column('example', 'it said last', 'text'), dataOnly: true },
      { ...column('examples', 'examples', 'json'), dataOnly: true },
    ],
    rows: rows.map((row) => ({ ...row, starts_per_week: (Number(row['starts']) * 7) / days })),
    empty: 'no rule was judged',
    notes: [
      ...answer.histories.flatMap(saidLast),
      'times: how often it would have begun to fire, for whichever value; hours: in how many it would have fired. Judged at each hour by the calls before it, whenever they were read.',
    ],
  }
  const noisy = answer.histories.filter(({ starts }) => starts > days)
  return {
    kind: 'check_dry_run',
    title: 'Dry run of the rules',
    period: { ...periodOf(doubts, asOf), since },
    sections: [section],
    findings: failedFindings(answer),
    warnings: [
      ...warningsOf(doubts),
      ...unmatchedWarnings(doubts),
      ...youngWarning(doubts, since),
      ...idleWarnings(answer),
      ...noisy.map(
        ({ rule }) => `rule ${rule.name} would fire more than once a day: raise its bound, min_calls or for`,
      ),
    ],
    footer: footerOf(doubts.history),
  }
}

/** That nothing fires says nothing, where a mistyped `--where` left nothing to judge. */
const unmatchedWarnings = (doubts: Doubts): string[] =>
  doubts.unmatched.filter(matchesNever).map((one) => unmatchedWords(one, doubts.scope))

function youngWarning(doubts: Doubts, since: string): string[] {
  const { history } = doubts
  if (history.first_ts === null) return [emptyText(doubts)]
  const late = Date.parse(history.first_ts) > Date.parse(since)
  return late ? [`the calls begin on ${history.first_ts.slice(0, 10)}: nothing can have fired before`] : []
}

function historyRow({ rule, starts, subjects, hours, examples }: RuleHistory): Row {
  const shown: Cell = examples.map(({ at, text }) => ({ at, text }))
  const [latest] = examples
  return {
    rule: rule.name,
    kind: rule.kind,
    severity: rule.severity,
    starts,
    subjects,
    hours,
    latest_at: latest?.at ?? null,
    example: latest?.text ?? null,
    examples: shown,
  }
}

/** Below the table, where a sentence has room. */
const saidLast = ({ rule, examples: [latest] }: RuleHistory): string[] =>
  latest === undefined ? [] : [`${rule.name} said last: ${latest.text}`]

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
