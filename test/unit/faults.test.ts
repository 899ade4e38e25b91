/** One record, file or fault never takes another file down. */
import { join } from 'node:path'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { Stage } from '../../src/ingest/stage.js'
import { ask, ingestInto, Workshop, write } from '../property/ingesting.js'

const workshop = new Workshop()
afterAll(() => workshop.close())
afterEach(() => {
  vi.restoreAllMocks()
})

const call = (n: number, fields: object = {}): string =>
  `${JSON.stringify({ ts: `2026-09-05T08:00:0${n}Z`, model: 'gpt-4o', input_tokens: 10 + n, output_tokens: n, ...fields })}\n`

/** Files that share a unit, a CSV file, and one file that staging fails on whenever it is part of a unit. */
function files(): { folder: string; paths: string[] } {
  const folder = workshop.room()
  const paths = [1, 2, 3].map((n) => write(join(folder, `good-${n}.jsonl`), call(n)))
  paths.push(write(join(folder, 'bad.jsonl'), call(7)))
  paths.push(
    write(
      join(folder, 'other.csv'),
      'ts,model,input_tokens,output_tokens\n2026-09-05T09:00:00Z,gpt-4o,5,1\n',
    ),
  )
  return { folder, paths }
}

test('a fault that nobody foresaw refuses its file alone, with its cause; the others land', async () => {
  const { paths } = files()
  // eslint-disable-next-line typescript/unbound-method -- called below with its own stage
  const add = Stage.prototype.add
  vi.spyOn(Stage.prototype, 'add').mockImplementation(function (this: Stage, unit, options, now) {
    if (unit.segments.some((segment) => segment.reading.file.path.endsWith('bad.jsonl')))
      throw new Error('Something Odd: a fault')
    return add.call(this, unit, options, now)
  })
  const store = workshop.store()
  const summary = await ingestInto(store, paths)
  const states = Object.fromEntries(summary.files.map((file) => [file.label.split('/').at(-1), file.state]))
  expect(states).toEqual({
    'good-1.jsonl': 'read',
    'good-2.jsonl': 'read',
    'good-3.jsonl': 'read',
    'bad.jsonl': 'refused',
    'other.csv': 'read',
  })
  expect(summary.files.find((file) => file.state === 'refused')?.note).toContain('Something Odd: a fault')
  expect(await ask(store, 'SELECT input_tokens FROM calls ORDER BY ts')).toEqual(
    [11, 12, 13, 5].map((tokens) => ({ input_tokens: tokens })),
  )
  vi.restoreAllMocks()
  // The refused file is no file that was read: the next run takes it.
  await ingestInto(store, paths)
  expect(await ask(store, 'SELECT count(*) AS n FROM calls')).toEqual([{ n: 5 }])
})

test('what is no fault of a file ends the run, and nothing of it is kept', async () => {
  const { paths } = files()
  vi.spyOn(Stage.prototype, 'add').mockRejectedValue(new Error('Out of Memory Error: no room'))
  await expect(ingestInto(workshop.store(), paths)).rejects.toThrow('Out of Memory')
})

test.each([2n ** 31n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n])(
  'counts of %s tokens are rejected line by line, whatever they are added to',
  async (huge) => {
    const fields = [
      'input_tokens',
      'output_tokens',
      'cached_tokens',
      'cache_creation_tokens',
      'reasoning_tokens',
    ]
    const lines = fields.map((field) =>
      call(1, { [field]: 'HUGE', total_tokens: 'HUGE' }).replaceAll('"HUGE"', String(huge)),
    )
    const path = write(join(workshop.room(), 'huge.jsonl'), [...lines, call(2)].join(''))
    const store = workshop.store()
    const { totals } = await ingestInto(store, [path])
    expect([totals.rejected, totals.imported]).toEqual([fields.length, 1])
  },
)

test.each([2n ** 31n, 2n ** 63n - 1n, 2n ** 64n])(
  'a total of %s tokens is rejected, not left out',
  async (huge) => {
    const lines = [
      call(1, { total_tokens: 'HUGE' }).replace('"HUGE"', String(huge)),
      call(2, { total_tokens: 14 }),
    ]
    const { totals } = await ingestInto(workshop.store(), [
      write(join(workshop.room(), 'a.jsonl'), lines.join('')),
    ])
    expect([totals.rejected, totals.imported]).toEqual([1, 1])
  },
)

test('a text that was cut within a sign loses the half of it, and no call', async () => {
  const lines = [
    call(1, { user: 'plain' }),
    call(2, { user: 'HALF' }).replace('HALF', String.raw`x\ud83d`),
    call(3, { user: 'BOTH' }).replace('BOTH', String.raw`\uDE00 \ud83d\ude00 \\ud83d`),
    '{"user":"\\ud83d\n',
  ]
  const store = workshop.store()
  const { totals } = await ingestInto(store, [write(join(workshop.room(), 'halves.jsonl'), lines.join(''))])
  expect([totals.imported, totals.rejected]).toEqual([3, 1])
  expect(await ask(store, 'SELECT user_id FROM calls ORDER BY ts')).toEqual([
    { user_id: 'plain' },
    { user_id: 'x\ufffd' },
    // An escape that is only spoken of is replaced with the rest: in a text, where no call depends on it.
    { user_id: `\ufffd \u{1f600} \\ufffd` },
  ])
})
