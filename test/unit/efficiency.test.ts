/** Findings of efficiency: at the bound, beyond it, with too few calls; and which answers are good. */
import { describe, expect, test } from 'vitest'
import { defaultBounds } from '../../src/domain/bounds.js'
import { dimensionOf } from '../../src/domain/dimensions.js'
import { goodAnswers } from '../../src/domain/quality.js'
import type { BreakdownRow } from '../../src/metrics/breakdown.js'
import {
  dearModelFindings,
  heavyUserFindings,
  retryFindings,
} from '../../src/reports/weekly/cost-findings.js'
import { efficiencyFindings } from '../../src/reports/efficiency/efficiency-findings.js'
import { weeklyEfficiencySection } from '../../src/reports/efficiency/efficiency-weekly.js'
import type { Finding } from '../../src/reports/report.js'

const row = (d0: string | null, figures: Partial<BreakdownRow>): BreakdownRow => ({
  is_total: false,
  is_others: false,
  d0,
  ...figures,
})
const total = (figures: Partial<BreakdownRow>): BreakdownRow => ({ ...row(null, figures), is_total: true })

const feature = [dimensionOf('feature')]
const found = (
  figures: Partial<BreakdownRow>,
  all: Partial<BreakdownRow> = { cost_usd: '1' },
): readonly Finding[] =>
  efficiencyFindings({ by: feature, rows: [row('chat', figures), total(all)], bounds: defaultBounds })
const kinds = (findings: readonly Finding[]): string[] => findings.map(({ kind }) => kind)

describe('a bound is crossed', () => {
  /** kind, the figure beside it, what is at the bound, what is just on its other side, whether at it is beyond it */
  const cases = [
    ['truncation_rate', 'finish_reason_calls', 0.05, 0.0501, false],
    ['mean_cost_usd', 'priced_calls', 0.1, 0.1000001, false],
    ['mean_output_input_ratio', 'output_input_calls', 1, 1.000001, false],
    ['p95_input_over_mean', 'input_token_calls', 10, 10.1, true],
    ['p95_output_of_max_tokens', 'max_tokens_calls', 0.2, 0.1999, false],
    ['repeated_input_share', 'sent_input_calls', 0.5, 0.5001, false],
  ] as const
  test.each(cases)('%s', (kind, over, at, beyond, atIsBeyond) => {
    const enough = { [over]: 20, cost_usd: '1' }
    expect(kinds(found({ ...enough, [kind]: beyond }))).toEqual([kind])
    expect(kinds(found({ ...enough, [kind]: at }))).toEqual(atIsBeyond ? [kind] : [])
    const within = kind === 'p95_output_of_max_tokens' ? 1 : at * 0.9
    expect(found({ ...enough, [kind]: within })).toEqual([])
  })
  test.each(cases)('%s: not with fewer calls than are judged', (kind, over, _, beyond) => {
    expect(found({ [over]: 19, calls: 1000, [kind]: beyond })).toEqual([])
    expect(found({ calls: 1000, [kind]: beyond })).toEqual([])
  })
  test('the noise of a division does not cross it', () => {
    expect(found({ finish_reason_calls: 60, truncation_rate: 0.050000000000000003 })).toEqual([])
    expect(kinds(found({ input_token_calls: 20, p95_input_over_mean: 9.999999999999998 }))).toEqual([
      'p95_input_over_mean',
    ])
  })
  test('a finding says what, how much, the bound and what to do', () => {
    expect(found({ finish_reason_calls: 418, truncation_rate: 0.155, truncated_cost_usd: '0.29' })).toEqual([
      {
        kind: 'truncation_rate',
        severity: 'warning',
        dimension: 'feature',
        value: 'chat',
        measured: 0.155,
        bound: 0.05,
        text: 'feature chat: 15.5% of 418 answers are cut off at their output limit (bound 5%): raise max_tokens, or ask for shorter answers',
        short: 'feature chat: 15.5% of 418 answers are cut off (bound 5%): raise max_tokens',
        touchedUsd: 0.29,
        details: { calls: 418 },
      },
    ])
  })
})

describe('input that repeats', () => {
  const repeated = { sent_input_calls: 100, repeated_input_tokens: 900, repeated_input_share: 0.8 }
  test('is left alone where the provider caches as much of it', () => {
    expect(kinds(found({ ...repeated, cache_read_share: 0.79 }))).toEqual(['repeated_input_share'])
    expect(found({ ...repeated, cache_read_share: 0.8 })).toEqual([])
  })
  test('is left alone where it costs next to nothing of the whole', () => {
    const cost = { ...repeated, repeated_input_cost_usd: 0.5 }
    expect(kinds(found(cost, { cost_usd: '100' }))).toEqual(['repeated_input_share'])
    expect(found(cost, { cost_usd: '100.1' })).toEqual([])
  })
})

describe('groups', () => {
  const cut = { finish_reason_calls: 20, truncation_rate: 0.5 }
  test('the others and the total are not judged; without dimensions the total is', () => {
    const rows = [{ ...row(null, cut), is_others: true }, total(cut)]
    expect(efficiencyFindings({ by: feature, rows, bounds: defaultBounds })).toEqual([])
    const [only] = efficiencyFindings({ by: [], rows: [total(cut)], bounds: defaultBounds })
    expect(only).toMatchObject({
      dimension: null,
      value: null,
      text: expect.stringMatching(/^all calls: 50% of/),
    })
  })
  test('several dimensions, and a missing value', () => {
    const by = ['feature', 'model'].map(dimensionOf)
    const rows = [{ ...row('chat', cut), d1: null }, total({})]
    const [first] = efficiencyFindings({ by, rows, bounds: defaultBounds })
    expect(first).toMatchObject({ dimension: 'feature,model', value: ['chat', null] })
    expect(first?.text).toMatch(/^feature chat, no model: /)
  })
  test('after the fifth they share a sentence, the dearest first', () => {
    const rows = Array.from({ length: 9 }, (_, i) => row(`f${i}`, { ...cut, cost_usd: String(i) }))
    const findings = efficiencyFindings({ by: feature, rows: [...rows, total({})], bounds: defaultBounds })
    expect(findings.map(({ value }) => value)).toEqual(['f8', 'f7', 'f6', 'f5', 'f4', null])
    expect(findings.at(-1)?.details).toEqual({
      groups: ['f3', 'f2', 'f1', 'f0'].map((value) => ({ value, measured: 0.5 })),
    })
  })
})

describe('a dear model', () => {
  const model = (name: string | null, calls: number, cost: number, output = 1): BreakdownRow =>
    row(name, { calls, cost_per_1k_tokens_usd: cost, output_tokens: output })
  const judge = (...models: BreakdownRow[]): readonly Finding[] => {
    const calls = models.reduce((sum, one) => sum + Number(one.calls), 0)
    return dearModelFindings([...models, total({ calls })], defaultBounds)
  }
  test('takes more than half of the calls', () => {
    expect(judge(model('a', 50, 0.009), model('b', 50, 0.001))).toEqual([])
    const [first, ...rest] = judge(model('a', 51, 0.009), model('b', 49, 0.001))
    expect(rest).toEqual([])
    expect(first).toMatchObject({ kind: 'dear_model_call_share', value: 'a', measured: 0.51, bound: 0.5 })
    expect(first?.text).toBe(
      'model a: 51% of all calls go to it (bound 50%), where 1,000 tokens cost $0.009, 9× as much as with b (bound 3×): try b on the simpler calls',
    )
  })
  test('costs more than three times the cheapest', () => {
    expect(judge(model('a', 60, 0.003), model('b', 40, 0.001))).toEqual([])
    expect(judge(model('a', 60, 0.0031), model('b', 40, 0.001))).toHaveLength(1)
    expect(judge(model('b', 60, 0.001), model('a', 40, 0.0031))).toEqual([])
  })
  test('is not compared with few calls, free models or embeddings', () => {
    for (const other of [
      model('b', 19, 0.001),
      model('b', 40, 0),
      model('b', 40, 0.001, 0),
      model(null, 40, 0.001),
    ]) {
      expect(judge(model('a', 60, 0.009), other)).toEqual([])
    }
  })
  test('alone, it is dear by what 1,000 tokens cost', () => {
    expect(judge(model('a', 60, 0.01))).toEqual([])
    const [first] = judge(model('a', 60, 0.0101))
    expect(first?.text).toMatch(/where 1,000 tokens cost \$0\.0101 \(bound \$0\.01\): try a smaller model/)
    expect(judge(model('a', 19, 0.0101))).toEqual([])
  })
})

describe('a user who sends far more', () => {
  const user = (name: string, calls: number, tokens: number): BreakdownRow =>
    row(name, { input_token_calls: calls, input_tokens: tokens, cost_usd: '3' })
  const judge = (one: BreakdownRow, calls: number, tokens: number): readonly Finding[] =>
    heavyUserFindings(
      [one, total({ input_token_calls: calls, input_tokens: tokens, cost_usd: '4' })],
      defaultBounds,
    )
  test('from ten times on', () => {
    expect(judge(user('u', 20, 20_000), 40, 22_001)).toEqual([])
    const [first] = judge(user('u', 20, 20_000), 40, 22_000)
    expect(first).toMatchObject({ kind: 'user_input_over_mean', value: 'u', measured: 10, bound: 10 })
    expect(first?.text).toBe(
      'user u: 20 calls send 1,000 input tokens each, 10× those of everybody else (bound 10×), for $3.00, 75% of all: look at what they send, and limit it',
    )
  })
  test('not with few calls on either side, nor where others send nothing', () => {
    expect(judge(user('u', 19, 19_000), 40, 19_021)).toEqual([])
    expect(judge(user('u', 40, 40_000), 59, 40_019)).toEqual([])
    expect(judge(user('u', 40, 40_000), 80, 40_000)).toEqual([])
  })
})

/** Of all calls of a day, told as they are. */
const asked = {
  scope: { since: '2026-09-21T00:00:00Z', until: '2026-09-22T00:00:00Z', filters: [], tz: 'UTC' },
  typed: (command: string) => `${command} --db x`,
}

describe('attempts after the first', () => {
  const judge = (cost: string | null, priced = 20): readonly Finding[] => {
    const figures = { cost_usd: '2', priced_calls: priced, later_attempt_calls: 7 }
    return retryFindings([total({ ...figures, later_attempt_cost_usd: cost })], defaultBounds, asked)
  }
  test('cost more than a share of all', () => {
    expect(judge('0.1')).toEqual([])
    expect(judge(null)).toEqual([])
    expect(judge('0.2', 19)).toEqual([])
    const [first] = judge('0.2')
    expect(first).toMatchObject({ kind: 'retry_cost_share', dimension: null, measured: 0.1, bound: 0.05 })
    expect(first?.text).toBe(
      'all calls: 7 attempts after the first cost $0.20, 10% of all (bound 5%): try again less often; llmcost calls --sort failed --since 2026-09-21 --until 2026-09-22 --db x lists what fails',
    )
  })
  test('cost nothing where nothing does', () => {
    const figures = { cost_usd: '0', priced_calls: 50, later_attempt_cost_usd: '0' }
    expect(retryFindings([total(figures)], defaultBounds, asked)).toEqual([])
    expect(retryFindings([], defaultBounds, asked)).toEqual([])
  })
})

describe('a good answer', () => {
  test.each([
    [0.8, 1, 0.8],
    [0.8, 0.4, 0.8],
    [0.8, 1.01, 4],
    [0.8, 5, 4],
    [0.8, 9.5, 8],
    [0.8, 100, 80],
    [0.5, 250, 125],
    [1, 5, 5],
    [3.5, 5, 3.5],
    [3.5, 1, 3.5],
    [0.8, null, 0.8],
  ])('bound %d, highest %d: from %d on', (bound, score, wanted) => {
    expect(goodAnswers(bound, { score, feedback: null }).score).toBe(wanted)
  })
  test('thumbs are good above 0, stars by the bound', () => {
    expect(goodAnswers(0.8, { score: null, feedback: 1 })).toEqual({
      score: 0.8,
      feedback: 0,
      above: true,
      words: 'user_feedback above 0',
    })
    expect(goodAnswers(0.8, { score: 4.5, feedback: 5 })).toEqual({
      score: 4,
      feedback: 4,
      above: false,
      words:
        'quality_score from 4 on (80% of 5, as the highest is 4.5), or user_feedback from 4 on (80% of 5, as the highest is 5)',
    })
  })
})

describe('the section of the weekly report', () => {
  const keys = (rows: readonly BreakdownRow[], shown: boolean): string[] =>
    weeklyEfficiencySection(rows)
      .columns.filter(({ dataOnly }) => !(shown && dataOnly))
      .map(({ key }) => key)
  test('has the figures that are there, and says how many calls log no finish reason', () => {
    const figures = { calls: 9, mean_input_tokens: 5, truncation_rate: 0, context_exceeded_rate: 0 }
    const rows = [row('chat', figures), total({ ...figures, no_finish_reason_calls: 4 })]
    const all = ['feature', 'calls', 'mean_input_tokens', 'truncation_rate', 'context_exceeded_rate']
    expect(keys(rows, false)).toEqual(all)
    expect(keys(rows, true)).toEqual(all.slice(0, -1))
    expect(weeklyEfficiencySection(rows).notes).toEqual([
      '4 of 9 calls do not log why they ended: the shares leave them out',
    ])
  })
  test('is silent on truncation where no call logs a finish reason', () => {
    const rows = [
      row('chat', { calls: 9, truncation_rate: null }),
      total({ calls: 9, truncation_rate: null }),
    ]
    expect(keys(rows, false)).toEqual(['feature', 'calls'])
    expect(weeklyEfficiencySection(rows).notes).toEqual([])
  })
})
