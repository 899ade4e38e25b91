/** What is said of the money of coding agents, beside the figures. */
import { describe, expect, test } from 'vitest'
import { agentSources } from '../../src/domain/costs/agents.js'
import { importers } from '../../src/importers/registry.js'
import { warningsOf, type Doubts } from '../../src/reports/notes.js'

const doubts = (agents: Doubts['agents'], calls = 3): Doubts => ({
  history: {
    calls,
    first_ts: '2026-09-03T10:00:00Z',
    last_ts: '2026-09-20T10:00:00Z',
    future_calls: 0,
    rejected_lines: 0,
    session_totals: 0,
    agent_rows: 0,
    reported_calls: 0,
    doubtful_rates: 0,
    price_data: null,
    price_date: null,
  },
  scope: { since: '2026-09-01T00:00:00Z', until: '2026-10-01T00:00:00Z', tz: 'UTC', filters: [] },
  calls,
  unpricedCalls: 0,
  partlyPricedCalls: 0,
  unpriced: [],
  partlyPriced: [],
  late: { late_calls: 0, late_cost_usd: null },
  loggedCosts: [],
  doubtfulPrices: [],
  unmatched: [],
  fromInput: false,
  typed: (command) => command,
  agents,
})

describe('coding agents', () => {
  test('are those whose importers say so', () => {
    const agents = importers.filter(({ writer }) => writer === 'agent').map(({ id }) => id)
    expect(agents.toSorted()).toEqual(agentSources)
  })

  test('alone, from a day on', () => {
    const agents = { agent_calls: 3, cost_usd: '1.5', first_ts: '2026-09-03T10:00:00Z' }
    expect(warningsOf(doubts(agents))).toEqual([
      'coding agents: at list prices; a plan may cover it; llmcost plans holds it against its fee',
      "agents' sessions reach back to 2026-09-03 only; agents delete old ones; llmcost ingest --agents keeps what is there",
    ])
  })

  test('among other calls, since before the period', () => {
    const agents = { agent_calls: 2, cost_usd: '1.5', first_ts: '2026-08-03T10:00:00Z' }
    expect(warningsOf(doubts(agents))).toEqual([
      "coding agents' $1.50 of this: at list prices; a plan may cover it; llmcost plans holds it against its fee",
    ])
    // Where files are asked, not a database, they are not told again.
    expect(warningsOf({ ...doubts(agents), fromInput: true })).toEqual([
      "coding agents' $1.50 of this: at list prices; a plan may cover it",
    ])
  })

  test('told twice, as it seems', () => {
    const twice = { calls: 12, cost_usd: '1.2', one: 'codex', other: 'otel' }
    const both = { ...doubts({ agent_calls: 0, cost_usd: null, first_ts: null }), toldTwice: twice }
    const what =
      '12 calls for $1.20 are perhaps counted twice: codex and otel tell the same sessions under no common id'
    expect(warningsOf(both)).toEqual([`${what}; llmcost forget FILE takes out the logs of one`])
    expect(warningsOf({ ...both, fromInput: true })).toEqual([`${what}; read one of them`])
    expect(warningsOf({ ...both, toldTwice: { ...twice, calls: 0 } })).toEqual([])
  })

  test('none', () => {
    expect(warningsOf(doubts({ agent_calls: 0, cost_usd: null, first_ts: null }))).toEqual([])
    expect(warningsOf(doubts(undefined))).toEqual([])
  })
})
