/** Waste: old, dear versions that have a cheaper successor of the same family. */
import { counted } from '../domain/words/plurals.js'
import { percent } from '../domain/words/wording.js'
import { movedCalls } from './routing.js'
import { reached } from './scoped-calls.js'
import type { Asked, Strategy } from './strategy.js'

/** Names as they are logged, `%` for any ending, and what the provider names as the successor. */
const successors: readonly {
  readonly providers: readonly string[]
  readonly old: readonly string[]
  readonly to: string
}[] = [
  {
    providers: ['openai', 'azure'],
    old: ['gpt-4', 'gpt-4-0314', 'gpt-4-0613', 'gpt-4-1106%', 'gpt-4-0125%', 'gpt-4-32k%', 'gpt-4-turbo%'],
    to: 'gpt-4.1',
  },
  { providers: ['openai', 'azure'], old: ['gpt-3.5-turbo%'], to: 'gpt-4o-mini' },
  { providers: ['openai', 'azure'], old: ['o1', 'o1-2024%', 'o1-preview%'], to: 'o3' },
  {
    providers: ['anthropic'],
    old: ['claude-3-opus%', 'claude-opus-4-0', 'claude-opus-4-1%', 'claude-opus-4-2025%'],
    to: 'claude-opus-4-5',
  },
]

const targets = successors.flatMap(({ providers, to }) =>
  providers.map((provider) => ({ provider, model: to })),
)

const places = successors
  .flatMap(({ providers, old }) => providers.map((provider) => ({ provider, old })))
  .map(
    ({ provider, old }, i) =>
      `WHEN provider = '${provider}' AND (${old.map((name) => `model LIKE '${name}'`).join(' OR ')}) THEN ${i}`,
  )

/** Names are looked at once each, not once a call: `any_value` keeps the condition from being asked before the grouping. */
function savings(asked: Asked): string {
  const placed = /* sql */ `successors AS (
      SELECT * FROM (SELECT old_provider, old_model, CASE ${places.join(' ')} END AS chosen
        FROM (SELECT provider AS old_provider, model AS old_model, any_value(provider) AS provider, any_value(model) AS model
          FROM scoped_calls GROUP BY ALL))
      WHERE chosen IS NOT NULL
    ), placed AS (
      SELECT scoped_calls.*, model AS own_model, provider AS own_provider, chosen
      FROM scoped_calls JOIN successors ON provider = old_provider AND model = old_model
      WHERE ${reached} AND is_listed AND cost > 0
    )`
  return movedCalls(asked, targets, placed)
}

export const oldModels: Strategy = {
  id: 'old-models',
  title: 'Successors of old models',
  about: `Versions that their provider has replaced by a cheaper one, by the tokens that are logged: ${successors.map(({ old, to }) => `${old[0]!.replace('%', '')} by ${to}`).join(', ')}.`,
  needs: [{ field: 'model', how: 'log the model that answered' }],
  assumptions: [],
  effort: 'low',
  confidence: 'medium',
  acts: 'on prices',
  usesPrices: true,
  excludes: ['model-routing'],
  by: ['feature', 'model'],
  savings,
  figures: { moved_calls: 'count(*) FILTER (WHERE is_moved)', to_model: 'min(to_model)' },
  change: ({ figures, cost_usd: cost, saving_usd: saving }) =>
    `use ${figures['to_model']} in its place: ${percent(Number(saving) / Number(cost))} cheaper for ${counted(figures['moved_calls'], 'call')}`,
  risk: 'prompts that were tuned for the old version may need another look',
}
