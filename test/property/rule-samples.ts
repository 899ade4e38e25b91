/** Samples of the metrics behind `llmcost check`, run by metrics.test.ts. */
import { dimensionOf } from '../../src/domain/dimensions.js'
import type { Scope } from '../../src/domain/scope.js'
import type { Query } from '../../src/metrics/query.js'
import { alertsQuery } from '../../src/metrics/rules/alerts.js'
import { ruleBudgets } from '../../src/metrics/rules/rule-budgets.js'
import type { CapLimits } from '../../src/domain/budgets/cap-limits.js'
import { ruleCaps } from '../../src/metrics/rules/rule-caps.js'
import { ruleDays } from '../../src/metrics/rules/rule-days.js'
import { rulePriceAge } from '../../src/metrics/rules/rule-price-age.js'
import { ruleSilence } from '../../src/metrics/rules/rule-silence.js'
import { ruleKindNames, ruleKinds } from '../../src/domain/rules/rule-kinds.js'
import { ruleWindows, type WindowTest } from '../../src/metrics/rules/rule-windows.js'

const asOfOf = (scope: Scope): Date => new Date(scope.until ?? '2026-10-05T00:00:00Z')

const tests = ruleKindNames
  .filter((kind) => typeof ruleKinds[kind].judgedBy !== 'string')
  .map((kind): WindowTest => {
    const against = ruleKinds[kind].parameters.includes('against')
    return {
      kind,
      when: 'over',
      bound: '0.01',
      windowHours: against ? 1 : 24,
      minCalls: 0,
      minUsd: '0',
      againstHours: against ? 24 : null,
    }
  })

/** Every cap, and a user with some of his own. */
export const someLimits: CapLimits = {
  all: {
    request_tokens: 1000,
    request_input_tokens: 900,
    request_output_tokens: 500,
    request_usd: '0.01',
    hourly_usd: '0.1',
    daily_usd: '1',
    monthly_usd: '10',
  },
  own: [{ userId: 'u1', caps: { hourly_usd: '0.2', request_tokens: 10 } }],
}

export interface Sample {
  readonly id: string
  readonly about: string
  /** The statement with every figure it can have. */
  readonly sample: (scope: Scope) => Query<unknown>
}

export const ruleSamples: readonly Sample[] = [
  {
    id: 'alerts',
    about: 'alerts that are open, and those that ended',
    sample: (scope) => alertsQuery(asOfOf(scope).toISOString(), true, 20),
  },
  {
    id: 'rule_windows',
    about: 'windows of the last day beyond the bounds of rules, each beyond its bound',
    sample: (scope) =>
      ruleWindows({
        asOf: asOfOf(scope),
        steps: 25,
        filters: scope.filters,
        by: dimensionOf('feature'),
        tests,
      }),
  },
  {
    id: 'rule_windows_month',
    about: 'the same, of all calls, at every hour of 30 days',
    sample: (scope) =>
      ruleWindows({ asOf: asOfOf(scope), steps: 721, filters: scope.filters, by: null, tests }),
  },
  {
    id: 'rule_silence',
    about: 'hours without a call, by feature',
    sample: (scope) =>
      ruleSilence({
        asOf: asOfOf(scope),
        steps: 721,
        filters: scope.filters,
        by: dimensionOf('feature'),
        atLeastHours: 3,
        windowHours: 168,
        minCalls: 1,
      }),
  },
  {
    id: 'rule_price_age',
    about: 'calls later than the price data, by feature',
    sample: (scope) =>
      rulePriceAge({
        asOf: asOfOf(scope),
        steps: 721,
        filters: scope.filters,
        by: dimensionOf('feature'),
        lateFrom: '2026-09-25T00:00:00Z',
        minCalls: 1,
      }),
  },
  {
    id: 'rule_caps',
    about: 'users over caps at every hour of 30 days',
    sample: (scope) =>
      ruleCaps({ scope, asOf: asOfOf(scope), steps: 721, windowHours: 1, limits: someLimits }),
  },
  {
    id: 'rule_budgets',
    about: 'what two budgets cover, by day and hour',
    sample: (scope) =>
      ruleBudgets({
        scope,
        asOf: asOfOf(scope),
        filterSets: [[], [{ dimension: 'feature', operator: '=', value: 'chat' }]],
        clockMs: [0],
        steps: 721,
      }),
  },
  {
    id: 'rule_days',
    about: 'what each day cost, by feature',
    sample: (scope) => ruleDays(scope, dimensionOf('feature'), '1'),
  },
]
