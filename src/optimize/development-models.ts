/** Waste: calls of development and tests on dear models, at the price of a small one of the same provider. */
import { readAnew } from '../metrics/dialect.js'
import { count, percent } from '../domain/words/wording.js'
import { byPrice, knownCandidates, movedCalls } from './routing.js'
import { reached } from './scoped-calls.js'
import type { Asked, Strategy } from './strategy.js'

const names = ['dev', 'development', 'test', 'testing', 'staging', 'stage', 'local', 'ci', 'qa', 'sandbox']

function savings(asked: Asked): string {
  const judged = /* sql */ `environments AS (
      SELECT environment FROM scoped_calls GROUP BY environment
      HAVING lower(any_value(environment)) IN (${names.map((name) => `'${name}'`).join(', ')})
    ), judged AS ${readAnew} (
      SELECT *, model AS own_model, provider AS own_provider, TRUE AS is_simple
      FROM scoped_calls
      WHERE environment IN (SELECT environment FROM environments) AND ${reached} AND is_listed AND cost > 0
    )`
  const ctes = `${judged}, ${byPrice(asked, knownCandidates, false)}`
  return movedCalls(asked, knownCandidates, ctes, ['environment'])
}

export const developmentModels: Strategy = {
  id: 'development-models',
  title: 'Small models in development',
  about: `Calls whose environment is one of ${names.join(', ')}, on a small model of the same provider, by the tokens that are logged.`,
  needs: [{ field: 'environment', how: 'log the environment of each call, such as production or staging' }],
  assumptions: [],
  effort: 'low',
  confidence: 'medium',
  acts: 'on prices',
  usesPrices: true,
  excludes: ['model-routing', 'old-models'],
  by: ['environment', 'model'],
  savings,
  figures: {
    moved_calls: 'count(*) FILTER (WHERE is_moved)',
    to_model: 'min(to_model)',
    moved_cost_usd: 'sum(cost) FILTER (WHERE is_moved)',
  },
  change: ({ figures, considered_calls: calls, saving_usd: saving }) =>
    `use ${figures['to_model']} there: ${percent(Number(saving) / Number(figures['moved_cost_usd']))} cheaper for ${count(figures['moved_calls'])} of ${count(calls)} calls`,
  risk: 'what is tested is not what runs: keep the dear model for the last tests before a release',
}
