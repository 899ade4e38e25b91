/** The list of users at a cap as Redis reads it, and when the running hour, day and month end. */
import { describe, expect, test } from 'vitest'
import { runningSpans } from '../../src/questions/caps-over.js'
import { redisCommands, type UserOver } from '../../src/reports/budgets/caps-over.js'
import { bucketOf } from '../property/metrics-model.js'

/** The words of each command, by the protocol: `*<words>`, then `$<bytes>` and as many bytes for each. */
function commandsOf(stream: string): string[][] {
  const bytes = Buffer.from(stream)
  let at = 0
  const line = (mark: string): number => {
    const end = bytes.indexOf('\r\n', at)
    const text = bytes.toString('utf8', at, end)
    at = end + 2
    expect([text[0], /^.\d+$/.test(text)]).toEqual([mark, true])
    return Number(text.slice(1))
  }
  const commands: string[][] = []
  while (at < bytes.length) {
    const words = Array.from({ length: line('*') }, () => {
      const length = line('$')
      const word = bytes.toString('utf8', at, at + length)
      expect(bytes.toString('utf8', at + length, at + length + 2)).toBe('\r\n')
      at += length + 2
      return word
    })
    commands.push(words)
  }
  return commands
}

const over = (value: string, until: string): UserOver => ({
  key: `user_caps:user_id=${JSON.stringify(value)}:daily_usd`,
  rule: 'user_caps',
  kind: 'user_caps',
  severity: 'warning',
  dimension: 'user_id',
  value,
  measured: '6.25',
  bound: '5',
  since: '2026-09-28T00:00:00.000Z',
  until,
  text: `user ${value} used $6.25 of $5.00 a day`,
  details: { cap_key: 'daily_usd', cap: 'a day', used: '$6.25', limit: '$5.00' },
  calls: 3,
})

describe('for Redis', () => {
  test('a user is one SET until the last of his caps begins anew', () => {
    const users = [over('ada', '2026-09-29T00:00:00.000Z'), over('ada', '2026-10-01T00:00:00.000Z')]
    const [command, ...more] = commandsOf(redisCommands(users))
    expect(more).toEqual([])
    const [set, key, value = '', exat, at] = command ?? []
    expect([set, key, exat, at]).toEqual([
      'SET',
      'llmcost:over:ada',
      'EXAT',
      String(Date.UTC(2026, 9, 1) / 1000),
    ])
    expect(JSON.parse(value)).toMatchObject({
      user_id: 'ada',
      until: '2026-10-01T00:00:00.000Z',
      caps: [{ cap_key: 'daily_usd', measured: '6.25', bound: '5' }, { until: '2026-10-01T00:00:00.000Z' }],
    })
  })

  test.each(['x\r\nFLUSHALL\r\n', '*1\r\n$8\r\nFLUSHALL\r\n', 'zoë 🦆', '', '\u001B[2J', '"\\'])(
    'an id %j stays one word',
    (id) => {
      const commands = commandsOf(redisCommands([over(id, '2026-09-29T00:00:00.000Z')]))
      expect(commands.map((words) => words.slice(0, 2))).toEqual([['SET', `llmcost:over:${id}`]])
    },
  )

  test('nobody is no command', () => expect(redisCommands([])).toBe(''))
})

test.each([
  ['UTC', '2026-09-28T08:59:12Z'],
  ['Europe/Berlin', '2026-10-25T00:30:00Z'],
  ['Europe/Berlin', '2026-10-25T01:30:00Z'],
  ['Europe/Berlin', '2026-12-31T23:00:00Z'],
  ['Asia/Kolkata', '2026-09-30T18:29:59.999Z'],
  ['Asia/Kolkata', '2026-09-30T18:30:00Z'],
  ['Australia/Lord_Howe', '2026-04-04T14:45:00Z'],
  ['Australia/Lord_Howe', '2026-04-04T15:15:00Z'],
])('in %s at %s a span ends where the next begins', (tz, at) => {
  const asOf = new Date(at)
  for (const [unit, { until }] of Object.entries(runningSpans(asOf, tz))) {
    const label = bucketOf(unit, asOf.getTime(), tz)
    expect(bucketOf(unit, until - 1, tz)).toBe(label)
    expect(bucketOf(unit, until, tz)).not.toBe(label)
  }
})
