/** The log's files: when a new one is begun, what happens when it cannot be written, and what memory does not hold. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createTracker, withCost } from '../../../src/track/index.js'
import { EventReader } from '../../../src/track/events.js'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'llmcost-log-'))))
afterEach(() => {
  vi.useRealTimers()
  rmSync(folder, { recursive: true })
})

const files = (): string[] => readdirSync(folder).toSorted()
const lines = (name: string): Record<string, unknown>[] =>
  readFileSync(join(folder, name), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>)
const all = (): Record<string, unknown>[] => files().flatMap(lines)

test('a file ends at its size, and the next has another name; only its owner reads them', async () => {
  const tracker = createTracker({ folder, maxFileBytes: 2000 })
  for (let i = 0; i < 80; i++) {
    tracker.record({ call_id: `c${i}` })
    if (i % 4 === 3) await tracker.flush()
  }
  await tracker.close()
  expect(files().length).toBeGreaterThan(2)
  for (const name of files()) {
    const { size, mode } = statSync(join(folder, name))
    expect(size).toBeLessThanOrEqual(2000)
    expect(mode & 0o777).toBe(0o600)
  }
  expect(all().map(({ call_id: id }) => id)).toHaveLength(80)
})

test('a new day begins a new file', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-11-29T23:59:59Z') })
  const tracker = createTracker({ folder })
  tracker.record({ call_id: 'before' })
  await tracker.flush()
  vi.setSystemTime(new Date('2026-11-30T00:00:01Z'))
  tracker.record({ call_id: 'after' })
  await tracker.close()
  expect(files().map((name) => [name.slice(0, 16), lines(name).map(({ call_id: id }) => id)])).toEqual([
    ['calls-2026-11-29', ['before']],
    ['calls-2026-11-30', ['after']],
  ])
})

test('what memory does not hold is dropped, counted and told; the log is told of once', async () => {
  const blocked = join(folder, 'log')
  writeFileSync(blocked, 'a file where the folder should be')
  const told: string[] = []
  const tracker = createTracker({
    folder: blocked,
    maxWaitingBytes: 10_000,
    flushMs: 1,
    onError: (error) => void told.push(error.message),
  })
  for (let i = 0; i < 25; i++) tracker.record({ call_id: `c${i}` })
  await tracker.flush()
  await tracker.flush()
  expect(told).toHaveLength(1)
  expect(told[0]).toContain('EEXIST')
  rmSync(blocked)
  await tracker.close()
  folder = blocked
  const [dropped, ...kept] = all()
  expect(dropped).toMatchObject({ tracked_by: 'llmcost', dropped_calls: 15 })
  expect(kept.map(({ call_id: id }) => id)).toEqual(Array.from({ length: 10 }, (_, i) => `c${i}`))
  folder = join(blocked, '..')
})

test('a record that cannot be written down costs no other', async () => {
  const told: string[] = []
  const tracker = createTracker({ folder, onError: (error) => void told.push(error.message) })
  const round: Record<string, unknown> = {}
  round['itself'] = round
  tracker.record({ call_id: 'a' })
  tracker.record(round)
  tracker.record({ call_id: 'b' })
  await tracker.close()
  expect(all().map(({ call_id: id }) => id)).toEqual(['a', 'b'])
  expect(told).toHaveLength(1)
})

test('labels are those around; tags add up, long ones are cut', async () => {
  const tracker = createTracker({ folder, labels: { feature: 'none', tags: { a: 1 } } })
  await withCost({ feature: 'outer', user: 'u', tags: { b: true } }, async () => {
    await Promise.resolve()
    withCost({ feature: 'inner', tags: { c: 'x'.repeat(500) } }, () => tracker.record({ call_id: 'in' }))
    tracker.record({ call_id: 'out' })
  })
  tracker.record({ call_id: 'away' })
  await tracker.close()
  expect(all()).toMatchObject([
    { call_id: 'in', feature: 'inner', user_id: 'u', tags: { a: '1', b: 'true', c: 'x'.repeat(200) } },
    { call_id: 'out', feature: 'outer', user_id: 'u', tags: { a: '1', b: 'true' } },
    { call_id: 'away', feature: 'none', tags: { a: '1' } },
  ])
})

test('events are found however they are cut', () => {
  const event = fc.oneof(
    fc.constant('{"type":"message_start"}'),
    fc.constant('{"choices":[{"finish_reason": "stop"}]}'),
    fc.constant('{"choices":[{"finish_reason":null}],"usage":null}'),
    fc.string().map((text) => JSON.stringify({ delta: text })),
  )
  fc.assert(
    fc.property(
      fc.array(event),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      (events, sizes) => {
        const bytes = new TextEncoder().encode(
          events.map((data) => `event: x\r\ndata: ${data}\r\n\r\n`).join(''),
        )
        const told: string[] = []
        let begun = 0
        const reader = new EventReader(
          (data) => told.push(data.trim()),
          () => begun++,
        )
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = sizes[i % sizes.length]!
          reader.add(bytes.subarray(at, at + size))
          at += size
        }
        reader.end()
        const telling = events.filter((data) => data.includes('message_start') || data.includes('"stop"'))
        expect(told).toEqual(telling)
        const hasText = events.some((data) => ((JSON.parse(data) as { delta?: string }).delta ?? '') !== '')
        expect(begun).toBe(hasText ? 1 : 0)
      },
    ),
  )
})
