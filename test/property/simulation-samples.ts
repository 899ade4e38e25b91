/** Metrics of what-ifs, with prices that know nothing. */
import { readLever } from '../../src/domain/scenarios/read-lever.js'
import type { Scope } from '../../src/domain/scope.js'
import { leverUsers } from '../../src/metrics/simulation/lever-users.js'
import { multipliers } from '../../src/metrics/simulation/multipliers.js'
import { scenarioCosts } from '../../src/metrics/simulation/scenario-costs.js'
import { whatIfQuery } from '../../src/pricing/what-if/what-if-sql.js'
import type { Sample } from './rule-samples.js'

const params = {
  what_if_targets: JSON.stringify([
    { target: 0, provider: null, model: null, tier: null },
    { target: 1, provider: 'openai', model: 'gpt-4o-mini', tier: 'batch' },
  ]),
  what_if_rates: '[]',
}

const levers = [
  readLever('move', 'gpt-4o=gpt-4o-mini,share=50%,to_tier=batch,feature=chat', {}),
  readLever('input-tokens', '-30%', {}),
  readLever('new-users', '10@team=a', {}),
]

export const simulationSamples: readonly Sample[] = [
  {
    id: 'scenario_costs',
    about: 'what calls cost as the levers of a scenario would have it',
    sample: (scope: Scope) =>
      scenarioCosts({
        scope,
        levers,
        users: new Map([[2, ['u1']]]),
        repriced: false,
        whatIf: whatIfQuery,
        params,
      }),
  },
  {
    id: 'lever_users',
    about: 'how many users the calls of a lever have',
    sample: (scope: Scope) => leverUsers(scope, [{ filters: [], users: ['u1'] }]),
  },
  {
    id: 'multipliers',
    about: 'what calls cost without retries, instructions, history and development',
    sample: (scope: Scope) =>
      multipliers({
        scope,
        gapMs: 60_000,
        whatIf: (calls) => whatIfQuery(calls, ['variant', 'source', 'call_id']),
        params: { ...params, what_if_targets: '[{"target":0}]' },
      }),
  },
]
