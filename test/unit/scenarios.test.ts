/** Levers as people write them. */
import { describe, expect, test } from 'vitest'
import { fraction, one, whole } from '../../src/domain/costs/fraction.js'
import { noGroups } from '../../src/domain/groups.js'
import type { LeverKind } from '../../src/domain/scenarios/lever.js'
import { isModel } from '../../src/domain/scenarios/models.js'
import { daysAMonth, readLever, readPerMonth } from '../../src/domain/scenarios/read-lever.js'

const read = (kind: LeverKind, text: string): unknown => readLever(kind, text, noGroups)

describe('levers', () => {
  test.each([
    [
      'move',
      'gpt-4o=gpt-4o-mini',
      { from: 'gpt-4o', to: 'gpt-4o-mini', share: one, tier: null, filters: [] },
    ],
    [
      'move',
      'anthropic.claude-3-5-sonnet-20240620-v1:0=us.anthropic.claude-haiku-4-5-20251001-v1:0,share=12.5%,to_tier=batch',
      {
        from: 'anthropic.claude-3-5-sonnet-20240620-v1:0',
        to: 'us.anthropic.claude-haiku-4-5-20251001-v1:0',
        share: fraction(1n, 8n),
        tier: 'batch',
      },
    ],
    [
      'move',
      String.raw`*=openai/gpt-4o, feature=search\, fast, user=a`,
      {
        from: '*',
        to: 'openai/gpt-4o',
        filters: [
          { dimension: 'feature', operator: '=', value: 'search, fast' },
          { dimension: 'user_id', operator: '=', value: 'a' },
        ],
      },
    ],
    ['price-change', 'gpt-4o=-20%', { model: 'gpt-4o', factor: fraction(4n, 5n) }],
    ['price-change', 'openai/*=+7.5%', { model: 'openai/*', factor: fraction(43n, 40n) }],
    ['cache-hit', '0.4', { rate: fraction(2n, 5n) }],
    ['cache-hit', '40%,feature=chat', { rate: fraction(2n, 5n) }],
    ['input-tokens', '-30%', { factor: fraction(7n, 10n) }],
    ['volume', '4x', { factor: whole(4) }],
    ['volume', '-25%', { factor: fraction(3n, 4n) }],
    ['new-users', '1000@tier=free', { users: 1000n, tier: 'free', filters: [] }],
    ['new-users', '5@team=a@b', { users: 5n, tier: null, filters: [{ value: 'a@b' }] }],
    ['fixed', '$2000/month', { perMonth: whole(2000) }],
    ['fixed', '1200/year', { perMonth: whole(100) }],
    ['fixed', '12/day', { perMonth: whole(365) }],
  ] as const)('--%s %s', (kind, text, expected) => {
    expect(read(kind, text)).toMatchObject({ kind, ...expected })
  })

  test.each([
    ['move', 'gpt-4o'],
    ['move', '=gpt-4o'],
    ['move', 'a=b,share=120%'],
    ['move', 'a=b,share=10%,share=20%'],
    ['move', 'a=b,to_tier=fast'],
    ['move', 'a=b,nonsense'],
    ['price-change', 'gpt-4o=20%'],
    ['price-change', 'gpt-4o=-120%'],
    ['cache-hit', '-0.1'],
    ['cache-hit', 'NaN'],
    ['input-tokens', '0.7'],
    ['volume', '4'],
    ['volume', 'x'],
    ['volume', '-4x'],
    ['new-users', '1.5'],
    ['new-users', '0'],
    ['fixed', '2000'],
    ['fixed', '2000/constructor'],
    ['fixed', '2000/month,feature=a'],
  ] as const)('--%s %s is refused, with an example', (kind, text) => {
    expect(() => read(kind, text)).toThrow(expect.objectContaining({ code: 'usage' }))
  })

  test('calls by the day are those of a month of 365/12 days', () => {
    expect(readPerMonth('--calls', '10000')).toEqual(whole(10000))
    expect(readPerMonth('--calls', '12/day')).toEqual(whole(365))
    expect(daysAMonth).toEqual(fraction(365n, 12n))
    for (const text of ['-1', '1.5', 'many', '5/hour'])
      expect(() => readPerMonth('--calls', text)).toThrow('is not a number of calls')
  })

  test.each([
    ['gpt-4o', 'gpt-4o', true],
    ['gpt-4o', 'gpt-4o-2024-08-06', true],
    ['openai/gpt-4o', 'gpt-4o-2024-08-06', true],
    ['gpt-4o', 'gpt-4o-mini', false],
    ['openai/*', 'anything', true],
    ['azure/*', 'gpt-4o', false],
    ['*', 'anything', true],
    ['claude-sonnet-4', 'claude-sonnet-4-20250514', true],
  ])('%s means openai %s: %s', (pattern, model, holds) => {
    expect(isModel(pattern, 'openai', model)).toBe(holds)
  })
})
