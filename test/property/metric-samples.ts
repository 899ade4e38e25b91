/** Every metric with a sample of itself over a scope, to run on an empty table and on one row. */
import { dimensionOf, dimensions } from '../../src/domain/dimensions.js'
import { growthBlocks } from '../../src/domain/growth.js'
import type { Scope } from '../../src/domain/scope.js'
import { everies } from '../../src/domain/time/timeline.js'
import { anomalySamples } from './anomaly-samples.js'
import { simulationSamples } from './simulation-samples.js'
import { breakdown } from '../../src/metrics/breakdown.js'
import { budgetDays } from '../../src/metrics/budgets/budgets.js'
import { cappedCalls, usersOverCaps } from '../../src/metrics/budgets/caps.js'
import { capLevels } from '../../src/metrics/budgets/caps-levels.js'
import { capsNow } from '../../src/metrics/budgets/caps-now.js'
import { capsReplay, capsReserve } from '../../src/metrics/budgets/caps-replay.js'
import { hotCalls, type ReserveRequest } from '../../src/metrics/budgets/reserved-calls.js'
import { dailyCosts } from '../../src/metrics/budgets/daily-costs.js'
import { planReach, planUsage, type CoveredCalls } from '../../src/metrics/budgets/plans.js'
import { quarterHours } from '../../src/metrics/budgets/quarter-hours.js'
import { recentSessions } from '../../src/metrics/budgets/recent-sessions.js'
import { comparison, sharedCalls } from '../../src/metrics/comparison/comparison.js'
import { doubtfulPrices } from '../../src/metrics/doubts/doubtful-prices.js'
import { exposedCalls } from '../../src/metrics/exports/exposed-calls.js'
import { groupCount } from '../../src/metrics/groups.js'
import { growth } from '../../src/metrics/growth.js'
import { exportedCalls } from '../../src/metrics/exports/exported-calls.js'
import { dearest, extentOf, firstLook, type LookSpans } from '../../src/metrics/first-look.js'
import { coveredCalls } from '../../src/metrics/exports/focus-billed.js'
import { focus } from '../../src/metrics/exports/focus.js'
import { history } from '../../src/metrics/store/history.js'
import { hourly } from '../../src/metrics/exports/hourly.js'
import { lastIngest } from '../../src/metrics/store/last-ingest.js'
import { agentCosts } from '../../src/metrics/doubts/agent-costs.js'
import { toldTwice } from '../../src/metrics/doubts/told-twice.js'
import { sessionTotals } from '../../src/metrics/doubts/session-totals.js'
import { lateCalls } from '../../src/metrics/doubts/late-calls.js'
import { loggedCosts, loggedCostsByMonth } from '../../src/metrics/doubts/logged-costs.js'
import { measureNames } from '../../src/metrics/measures/registry.js'
import { filterExtent, nearTags, nearValues } from '../../src/metrics/doubts/near-values.js'
import { movers } from '../../src/metrics/comparison/movers.js'
import { ruleSamples, someLimits, type Sample } from './rule-samples.js'
import { quality, scoreRange } from '../../src/metrics/quality.js'
import { sessionCosts } from '../../src/metrics/sessions.js'
import { partlyPricedUsage } from '../../src/metrics/doubts/partly-priced.js'
import { freeText } from '../../src/metrics/store/free-text.js'
import { rejectsQuery } from '../../src/metrics/store/rejects.js'
import { billedSums, billExtent, loggedSums } from '../../src/metrics/comparison/reconciling.js'
import {
  billedQuery,
  filesQuery,
  severalSourcesQuery,
  statusQuery,
  unreadQuery,
} from '../../src/metrics/store/status.js'
import type { Sides } from '../../src/metrics/comparison/compared-calls.js'
import { errorKinds } from '../../src/metrics/failures/error-kinds.js'
import { promptCache } from '../../src/metrics/caching/prompt-cache.js'
import { responseCache } from '../../src/metrics/caching/response-cache.js'
import { retries } from '../../src/metrics/failures/retries.js'
import { callOrders, singleCalls, type CallOrder } from '../../src/metrics/single-calls.js'
import { summary } from '../../src/metrics/summary.js'
import { costByTier } from '../../src/metrics/budgets/tiers.js'
import { trend } from '../../src/metrics/trend.js'
import { unpricedModels } from '../../src/metrics/doubts/unpriced.js'

/** A window as a month of which its last day runs. */
const lookSample = ({ since, until }: Scope): LookSpans => {
  const end = until ?? '2100-01-01T00:00:00.000Z'
  const month = since ?? '2015-01-01T00:00:00.000Z'
  return { today: month, week: month, month, until: end }
}

const orders = Object.keys(callOrders) as CallOrder[]

/** A scope, and what lies before it; without a beginning, what lies after it. */
const halves = (scope: Scope): Sides => ({
  a: scope,
  b:
    scope.since === null
      ? { ...scope, since: scope.until, until: null }
      : { ...scope, since: null, until: scope.since },
})

/** What `compare` asks. */
const comparedSample = [
  'calls',
  'priced_calls',
  'cost_usd',
  'mean_cost_usd',
  'p95_cost_usd',
  'max_cost_usd',
  'stddev_cost_usd',
  'mean_input_tokens',
  'mean_output_tokens',
  'p50_latency_ms',
  'p95_latency_ms',
  'truncation_rate',
  'error_rate',
  'cache_hit_rate',
  'mean_quality_score',
] as const

const somePlans: readonly CoveredCalls[] = [
  {
    filters: [{ dimension: 'feature', operator: '=', value: 'chat' }],
    since: '2026-01-01T00:00:00Z',
    until: null,
  },
  {
    filters: [{ dimension: 'tag.any', operator: '~', value: 'x' }],
    since: null,
    until: '2099-01-01T00:00:00Z',
  },
]

const someReserving = (scope: Scope): ReserveRequest => ({
  scope,
  readSince: scope.since,
  limits: someLimits,
  outputTokens: 1000,
  priced: (calls) =>
    `SELECT source, call_id, CAST(0.5 AS DECIMAL(18,12)) AS list_cost_usd FROM ${calls} AS c`,
})

export const metrics: readonly Sample[] = [
  ...simulationSamples,
  {
    id: 'total',
    about: 'every figure over all calls',
    sample: (scope) => breakdown({ scope, by: [], measures: measureNames }),
  },
  ...[...dimensions, dimensionOf('tag.any')].map((dimension) => ({
    id: `breakdown_${dimension.key}`,
    about: `every figure by ${dimension.about}`,
    sample: (scope: Scope) => breakdown({ scope, by: [dimension], measures: measureNames }),
  })),
  {
    id: 'breakdown_top',
    about: 'every figure of the first groups and of all others',
    sample: (scope) =>
      breakdown({ scope, by: ['feature', 'model'].map(dimensionOf), measures: measureNames, top: 3 }),
  },
  {
    id: 'group_count',
    about: 'how many groups there are',
    sample: (scope) => groupCount({ scope, by: ['feature', 'model'].map(dimensionOf) }),
  },
  {
    id: 'summary',
    about: 'figures of a window and the one before',
    sample: (scope) =>
      summary({
        scope,
        before: scope.since === null ? null : { since: null, until: scope.since },
        measures: measureNames,
      }),
  },
  {
    id: 'daily_costs',
    about: 'what each day cost, of all calls and of the dearest groups',
    sample: (scope) =>
      dailyCosts({
        scope,
        by: [dimensionOf('feature')],
        top: 3,
        rankSince: '2026-01-01T00:00:00Z',
        clockMs: 0,
      }),
  },
  {
    id: 'quarter_hours',
    about: 'what quarter-hours come to, in all and by what a budget covers',
    sample: (scope) =>
      quarterHours({ scope, filterSets: [[], [{ dimension: 'model', operator: '~', value: 'a' }]] }),
  },
  {
    id: 'recent_sessions',
    about: 'what sessions of agents come to that had a call of late',
    sample: ({ since, until }) =>
      recentSessions({
        since: since ?? '2015-01-01T00:00:00Z',
        until: until ?? '2100-01-01T00:00:00Z',
        most: 5,
      }),
  },
  {
    id: 'session_costs',
    about: 'what sessions cost, by feature',
    sample: (scope) => sessionCosts({ scope, by: [dimensionOf('feature')], top: 3 }),
  },
  { id: 'score_range', about: 'the highest quality score and feedback', sample: scoreRange },
  {
    id: 'quality',
    about: 'scores, and what a good answer cost, by prompt version',
    sample: (scope) =>
      quality({ scope, by: [dimensionOf('prompt_version')], good: { score: 0.8, feedback: 0, above: true } }),
  },
  {
    id: 'budget_days',
    about: 'what several budgets cover, by day',
    sample: (scope) =>
      budgetDays({
        scope,
        filterSets: [[], [{ dimension: 'feature', operator: '=', value: 'chat' }]],
        clockMs: 43_200_000,
      }),
  },
  {
    id: 'users_over_caps',
    about: 'users over the caps of a request, an hour, a day and a month',
    sample: (scope) => usersOverCaps({ scope, readSince: scope.since, limits: someLimits, top: 20 }),
  },
  {
    id: 'caps_replay',
    about: 'what caps would have refused, users with caps of their own among them',
    sample: (scope) => capsReplay({ scope, readSince: scope.since, limits: someLimits, top: 20 }),
  },
  {
    id: 'caps_reserve',
    about: 'what a guard with caps would have refused',
    sample: (scope) => capsReserve({ ...someReserving(scope), top: 20 }, [{ user_number: 1, place: 1, refused_by: 'daily_usd' }]), // prettier-ignore
  },
  {
    id: 'hot_calls',
    about: 'calls of users who could reach a cap, in their order',
    sample: (scope) => hotCalls(someReserving(scope)),
  },
  {
    id: 'caps_now',
    about: 'users at a cap of the running hour, day and month',
    sample: (scope) =>
      capsNow({ scope, asOf: new Date(scope.until ?? '2100-01-01T00:00:00Z'), limits: someLimits }),
  },
  {
    id: 'cap_levels',
    about: 'what users use at most, nearly always, by tier',
    sample: (scope) => capLevels(scope, [{ userId: 'u1', tier: 'pro', monthlyRevenue: null }]),
  },
  { id: 'capped_calls', about: 'calls and users that caps are held against', sample: cappedCalls },
  {
    id: 'cost_by_tier',
    about: 'cost and revenue of the users of each tier',
    sample: (scope) => costByTier(scope, [{ userId: 'u1', tier: 'pro', monthlyRevenue: '29.9' }]),
  },
  {
    id: 'plan_usage',
    about: 'what the usage of plans is worth, by month',
    sample: ({ since, until }) =>
      planUsage(somePlans, [
        { plan: 0, month: 0, since: since ?? '2015-01-01T00:00:00Z', until: until ?? '2100-01-01T00:00:00Z' },
      ]),
  },
  {
    id: 'plan_reach',
    about: 'how far the log of each plan reaches',
    sample: ({ until }) => planReach(somePlans, until ?? '2100-01-01T00:00:00Z'),
  },
  {
    id: 'comparison',
    about: 'figures of two sets of calls',
    sample: (scope) => comparison({ ...halves(scope), measures: comparedSample }),
  },
  {
    id: 'shared_calls',
    about: 'calls of both of two sets',
    sample: (scope) => sharedCalls(halves(scope)),
  },
  ...['feature', 'model', 'user', 'tag.any'].map(dimensionOf).map((by) => ({
    id: `movers_${by.key}`,
    about: `whose cost changed most, by ${by.about}`,
    sample: (scope: Scope) => movers({ ...halves(scope), by, top: 5, days: [7, 14] }),
  })),
  ...everies.map((every, i) => {
    const by = i % 2 === 0 ? [] : ['feature', 'model']
    return {
      id: `trend_${every}`,
      about: `every figure by ${[every, ...by].join(', ')}`,
      sample: (scope: Scope) =>
        trend({ scope, every, by: by.map(dimensionOf), measures: measureNames, top: 3 }),
    }
  }),
  {
    id: 'trend_cost',
    about: 'cost by hour and feature',
    sample: (scope) =>
      trend({
        scope,
        every: 'hour',
        by: [dimensionOf('feature')],
        measures: ['cost_usd', 'cost_share'],
        top: 3,
      }),
  },
  {
    id: 'growth',
    about: 'cost of the last weeks by feature',
    sample: (scope) =>
      growth({
        scope,
        by: [dimensionOf('feature')],
        weeks: growthBlocks(new Date(scope.until ?? 0), scope.tz),
        top: 10,
        leastUsd: 1,
      }),
  },
  {
    id: 'exported_calls',
    about: 'every call, with its local day',
    sample: (scope) => exportedCalls(scope, 'day'),
  },
  {
    id: 'focus',
    about: 'charges by the FOCUS specification, with two tags',
    sample: (scope) =>
      focus({ version: '1.4', scope, by: ['feature', 'tag.any'].map(dimensionOf), accounts: { '': 'a' } }),
  },
  {
    id: 'focus_billed',
    about: 'charges by the FOCUS specification, with those of bills',
    // Bills know no user: the export refuses the filters that they lack before it asks.
    sample: (scope) =>
      focus({ version: '1.4', scope: { ...scope, filters: [] }, by: [], accounts: {}, billed: true }),
  },
  {
    id: 'covered_calls',
    about: 'what bills and the calls that they stand for come to',
    // The same.
    sample: (scope) => coveredCalls({ ...scope, filters: [] }),
  },
  {
    id: 'hourly',
    about: 'sums by hour and labels, with the local month',
    sample: (scope) => hourly(scope, 'month'),
  },
  {
    id: 'late_calls',
    about: 'calls later than the price data',
    sample: (scope) => lateCalls(scope, '2026-09-25T00:00:00Z'),
  },
  {
    id: 'agent_costs',
    about: 'what coding agents cost',
    sample: (scope) => agentCosts(scope),
  },
  {
    id: 'told_twice',
    about: 'calls of coding agents that two accounts seem to tell',
    sample: (scope) => toldTwice(scope),
  },
  {
    id: 'session_totals',
    about: 'rows in which a source states what a session used in all',
    sample: (scope) => sessionTotals(scope),
  },
  {
    id: 'doubtful_prices',
    about: 'calls whose list price is doubtful, by model and doubt',
    sample: (scope) => doubtfulPrices(scope),
  },
  {
    id: 'logged_costs',
    about: 'models whose logged costs differ from those that count, by month',
    sample: (scope) => loggedCosts(scope),
  },
  {
    id: 'logged_costs_by_month',
    about: 'months of a model whose logged costs differ from its list prices',
    sample: () => loggedCostsByMonth(),
  },
  { id: 'history', about: 'what the store holds', sample: () => history('2026-10-05T00:00:00Z') },
  {
    id: 'first_look',
    about: 'cost of today, this week and this month by feature and model',
    sample: (scope) => firstLook(lookSample(scope), scope.filters, 3),
  },
  {
    id: 'first_look_extent',
    about: 'where the calls lie',
    sample: ({ until, filters }) => extentOf(until ?? '2026-10-01T00:00:00Z', filters),
  },
  { id: 'dearest', about: 'the dearest session and the dearest day', sample: dearest },
  { id: 'last_ingest', about: 'when logs were last read', sample: () => lastIngest() },
  ...[[], ['provider', 'model', 'feature', 'environment', 'team'], ['tag.any', 'cache_hit']].map((by) => ({
    id: `exposed_calls_${by.join('_') || 'total'}`,
    about: `running sums by ${by.join(', ') || 'no label'}`,
    sample: () => exposedCalls({ by: by.map(dimensionOf), top: 20 }),
  })),
  ...['feature', 'tag.any', 'attempt', 'prompt_version'].flatMap((dimension) => {
    const filter = { dimension, operator: '=', value: '7' } as const
    return [
      {
        id: `filter_extent_${dimension}`,
        about: `when the calls of one ${dimension} were made`,
        sample: (scope: Scope) => filterExtent(filter, scope),
      },
      {
        id: `near_values_${dimension}`,
        about: `values of ${dimension} like a mistyped one`,
        sample: () => nearValues(filter, 3),
      },
    ]
  }),
  { id: 'near_tags', about: 'tags like a mistyped one', sample: () => nearTags('any', 3) },
  { id: 'partly_priced', about: 'usage without a price, of priced calls', sample: partlyPricedUsage },
  { id: 'status', about: 'what a store holds, in sums', sample: () => statusQuery() },
  { id: 'bills', about: 'what bills say, by biller', sample: () => billedQuery() },
  { id: 'bill_extent', about: 'days that bills are of', sample: () => billExtent() },
  {
    id: 'billed_sums',
    about: 'what was billed, for comparing',
    // Bills know no user: reconcile refuses the filters that they lack before it asks.
    sample: (scope) => billedSums({ ...scope, filters: [] }),
  },
  { id: 'logged_sums', about: 'what was logged, for comparing', sample: loggedSums },
  { id: 'files', about: 'files that were read', sample: () => filesQuery() },
  { id: 'unread', about: 'what records say and was not read', sample: () => unreadQuery() },
  { id: 'several_sources', about: 'calls of several sources', sample: () => severalSourcesQuery() },
  { id: 'rejects', about: 'records that were refused', sample: () => rejectsQuery(20) },
  { id: 'free_text', about: 'columns and tags that hold free text', sample: () => freeText() },
  { id: 'unpriced_models', about: 'models without a price', sample: unpricedModels },
  { id: 'response_cache', about: 'hits of the response cache by kind and source', sample: responseCache },
  ...[[], ['feature'], ['day', 'tag.any']].flatMap((by) => [
    {
      id: `prompt_cache_${by.join('_') || 'total'}`,
      about: `what the prompt cache saved by ${by.join(' and ') || 'feature and model'}`,
      sample: (scope: Scope) =>
        promptCache({ scope, by: by.map(dimensionOf), top: by.length === 1 ? 3 : undefined }),
    },
    {
      id: `retries_${by.join('_') || 'total'}`,
      about: `retries by ${by.join(' and ') || 'kind of error'}`,
      sample: (scope: Scope) => retries({ scope, by: by.map(dimensionOf), gapMs: 60_000 }),
    },
  ]),
  { id: 'error_kinds', about: 'failed calls by kind of error', sample: (scope) => errorKinds(scope, 20) },
  ...orders.map((order) => ({
    id: `calls_${order}`,
    about: `single calls: ${order}`,
    sample: (scope: Scope) => singleCalls(scope, order, 20),
  })),
  ...anomalySamples,
  ...ruleSamples,
]
