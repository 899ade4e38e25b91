/** What exports write, against the renderers' rule, the raw calls and plain TypeScript. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { openStoreForReading, writeStore } from '../../src/db/store.js'
import { callColumns } from '../../src/domain/call.js'
import {
  actingClass,
  formulaClass,
  markClass,
  pictographClass,
  selectorClass,
} from '../../src/domain/words/hidden.js'
import type { Scope } from '../../src/domain/scope.js'
import { exportFormats, type ExportFormat } from '../../src/exports/columns.js'
import type { ExportQuery } from '../../src/exports/copy.js'
import { ranges } from '../../src/exports/guard.js'
import { tidyQuery, tidyRows } from '../../src/exports/tidy.js'
import { writeExport } from '../../src/exports/write.js'
import { exportedCalls } from '../../src/metrics/exports/exported-calls.js'
import { hourly, hourlyColumns } from '../../src/metrics/exports/hourly.js'
import { csv as csvRenderer } from '../../src/renderers/csv.js'
import { json as jsonRenderer } from '../../src/renderers/json.js'
import { visible } from '../../src/domain/words/hidden.js'
import { visibleJson } from '../../src/renderers/visible.js'
import type { Report } from '../../src/reports/report.js'
import { contentsOf, ingestInto, Workshop, write } from './ingesting.js'
import { dollarText, load, logs as rawLogs, present, sum, type RawCall } from './metrics-model.js'
import { fileText, logs } from './logs.js'
import { tries } from './seed.js'

const workshop = new Workshop()
let db: Database

beforeAll(async () => {
  db = await Database.open(':memory:', 'write', { threads: 1 })
  await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
  await db.run('USE store')
})
afterAll(() => {
  db.close()
  workshop.close()
})

const everything: Scope = { since: null, until: '2027-01-01T00:00:00Z', tz: 'UTC', filters: [] }
let files = 0

async function written(query: ExportQuery, format: ExportFormat, from = db): Promise<string> {
  const path = join(workshop.folder, `export-${++files}.${format}`)
  await writeExport(from, query, format, { path, force: false })
  return path
}

const recordsOf = (path: string): Record<string, string>[] =>
  parse(readFileSync(path), { columns: true, relaxQuotes: false })

/** Rows by way of JSON: read as values, a text would lose a byte order mark at its beginning. */
async function jsonRows(sql: string, path: string): Promise<unknown[]> {
  const { rows } = await db.query<{ row: string }>(
    `SELECT CAST(to_json(r) AS VARCHAR) AS row FROM (${sql}) r`,
    {
      path,
    },
  )
  return rows.map(({ row }) => JSON.parse(row) as unknown)
}

/** Texts of all that a log could hide: controls, marks in heaps, selectors, tags, full-width formulas. */
const pieces = fc.constantFrom(
  'a',
  'é',
  '中',
  '=',
  '+',
  '-',
  '@',
  '＝',
  '＋',
  '－',
  '＠',
  '\t',
  '\r',
  '\n',
  '\u0000',
  '\u001b[31m',
  '\u007f',

  '\u009b',
  '\u00ad',
  '\u200b',
  '\u202e',
  '\u2028',
  '\u2066',
  '\ufeff',
  '\ufe0f',
  '\ufe00',
  '❤',
  '©',
  '👍',
  '👨‍👩‍👧',

  '\u0301',
  '\u0301\u0301\u0301\u0301\u0301\u0301',
  '\u034f',
  '\u0e49',
  '\u{e0061}',
  '\u{e0100}',
  '\u{1d173}',
  '"',
  "'",
  ',',
  ';',
  '|',
  ' ',
  '\\',
  '{',
  '}',
  '$1',
  '\\u{1b}',
  'NULL',
  "'=1",
)
const hostile = fc.oneof(
  fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
)

/** Rows of texts as a query that needs no table. */
const textQuery = (
  rows: readonly { readonly a: string | null; readonly b: string | null }[],
): ExportQuery => ({
  columns: ['a', 'b'].map((name) => ({ name, type: 'VARCHAR', about: '' })),
  sql: `SELECT unnest(from_json(CAST($rows AS JSON), '[{"a": "VARCHAR", "b": "VARCHAR"}]'), max_depth := 2)`,
  params: { rows: JSON.stringify(rows) },
})

const textRows = fc.array(
  fc.record({ a: fc.option(hostile, { freq: 6 }), b: fc.option(hostile, { freq: 6 }) }),
  { minLength: 1, maxLength: 30 },
)

describe('texts', () => {
  test('the classes of the engine hold the very characters of ours', async () => {
    for (const source of [actingClass, selectorClass, markClass, pictographClass]) {
      const { points } = await db.one<{ points: number[] }>(
        `SELECT list(i ORDER BY i) AS points FROM range(1, 1114112) t(i)
         WHERE i NOT BETWEEN 55296 AND 57343 AND regexp_full_match(chr(CASE WHEN i BETWEEN 55296 AND 57343 THEN 65 ELSE CAST(i AS INTEGER) END), $class)`,
        { class: `[${ranges(source)}]` },
      )
      const ours = new RegExp(`^(?:${source})$`, 'u')
      const wanted = Array.from({ length: 0x10ffff }, (_, i) => i + 1).filter(
        (point) => (point < 0xd800 || point > 0xdfff) && ours.test(String.fromCodePoint(point)),
      )
      expect(points.map(Number)).toEqual(wanted)
    }
  })

  test('CSV shows and disarms what the renderer does', async () => {
    await fc.assert(
      fc.asyncProperty(textRows, async (rows) => {
        const got = recordsOf(await written(textQuery(rows), 'csv'))
        const columns = ['a', 'b'].map((key) => ({ key, title: key, kind: 'text' as const }))
        const report: Report = {
          kind: 'breakdown',
          title: '',
          period: { since: null, until: null, tz: 'UTC' },
          sections: [{ id: 'rows', title: '', columns, rows }],
          warnings: [],
        }
        const rendered = csvRenderer.render(report, { columns: 80, color: false })
        expect(got).toEqual(parse(rendered, { columns: true }))
        for (const { a, b } of got) {
          for (const text of [a!, b!]) expect(text).not.toMatch(new RegExp(`^${formulaClass}`))
          expect(visible(a!)).toBe(a)
        }
      }),
      { numRuns: tries(8, 60) },
    )
  })

  test('JSONL holds every text as it is, and nothing that acts', async () => {
    await fc.assert(
      fc.asyncProperty(textRows, async (rows) => {
        const text = readFileSync(await written(textQuery(rows), 'jsonl'), 'utf8')
        const lines = text.split('\n')
        expect(lines.pop()).toBe('')
        expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(rows)
        for (const line of lines) expect(visibleJson(line)).toBe(line)
      }),
      { numRuns: tries(8, 60) },
    )
  })

  test('Parquet holds every text as it is', async () => {
    await fc.assert(
      fc.asyncProperty(textRows, async (rows) => {
        const path = await written(textQuery(rows), 'parquet')
        expect(await jsonRows('SELECT * FROM read_parquet($path)', path)).toEqual(rows)
      }),
      { numRuns: tries(4, 20) },
    )
  })

  test('no path becomes SQL, or another path', async () => {
    const query = textQuery([{ a: 'x', b: null }])
    const names = [
      "it's",
      '$1',
      '$export_target',
      '*',
      '?',
      '[a]',
      '{uuid}',
      '%s',
      'a b',
      'é中',
      '~',
      "'; DROP TABLE calls; --",
      '-',
      '--force',
      'a\nb',
      '"',
      '\\',
      's3:',
      '\u001b[31m',
    ]
    for (const format of exportFormats) {
      const room = workshop.room()
      for (const name of names) {
        const path = join(room, name)
        await writeExport(db, query, format, { path, force: false })
        expect(readFileSync(path).length, name).toBeGreaterThan(0)
      }
      const folder = join(room, "parts of 'all'")
      const parted = { ...query, sql: `SELECT *, '2026-10' AS month FROM (${query.sql})`, partition: 'month' }
      await writeExport(db, parted, format, { path: folder, force: false })
      expect(readFileSync(join(folder, 'month=2026-10', `data_0.${format}`)).length).toBeGreaterThan(0)
    }
  })
})

describe('calls', () => {
  const query: ExportQuery = { columns: callColumns, ...exportedCalls(everything) }

  test('an exported file ingested again is the same calls, in each format', async () => {
    await fc.assert(
      fc.asyncProperty(logs(2), async (generated) => {
        const room = workshop.room()
        const store = workshop.store()
        const paths = generated.map((log) => write(join(room, log.name), fileText(log)))
        await ingestInto(store, paths)
        const from = await openStoreForReading(store, { lockTimeoutMs: 0 }, [workshop.folder])
        const exports: string[] = []
        for (const format of exportFormats) exports.push(await written(query, format, from))
        from.close()
        const { calls } = await contentsOf(store)
        for (const path of exports) {
          const other = workshop.store()
          const summary = await ingestInto(other, [path])
          expect(summary.totals).toMatchObject({ imported: calls.length, rejected: 0 })
          expect((await contentsOf(other)).calls).toEqual(calls)
        }
        // Where they came from, they are known.
        const again = await ingestInto(store, exports)
        expect(again.totals).toMatchObject({ imported: 0, superseded: 0 })
        expect((await contentsOf(store)).calls).toEqual(calls)
      }),
      { numRuns: 5 },
    )
  })

  test('every column of every call, in each format', async () => {
    await fc.assert(
      fc.asyncProperty(rawLogs, async (calls) => {
        await load(db, calls)
        const names = callColumns.map(({ name }) => name)
        const stored = (await db.query(`SELECT ${names.join(', ')} FROM calls`)).rows
        const parquet = await db.query('SELECT * FROM read_parquet($path)', {
          path: await written(query, 'parquet'),
        })
        // Parquet has no kind for words of a list: they are text there.
        const { columns } = await db.query(`SELECT ${names.join(', ')} FROM calls LIMIT 0`)
        expect(parquet.columns).toEqual(
          columns.map(({ name, type }) => ({ name, type: type.startsWith('ENUM(') ? 'VARCHAR' : type })),
        )
        expect(parquet.rows).toEqual(stored)
        const csvText = readFileSync(await written(query, 'csv'), 'utf8')
        expect(parse(csvText)[0]).toEqual(names)
        const records = parse(csvText, { columns: true }) as unknown as Record<string, string>[]
        expect(records.map((record) => [record['call_id'], record['ts'], record['cost_usd']])).toEqual(
          stored.map((row) => [row['call_id'], row['ts'], row['cost_usd'] ?? '']),
        )
        const text = readFileSync(await written(query, 'jsonl'), 'utf8')
        const lines = text.split('\n').slice(0, -1)
        for (const [i, line] of lines.entries()) {
          const members = JSON.parse(line, (_key, value, context?: { source?: string }) =>
            typeof value === 'number' ? (context?.source ?? String(value)) : (value as unknown),
          ) as Record<string, unknown>
          expect(Object.keys(members)).toEqual(names)
          for (const name of ['ts', 'feature', 'tags', 'cache_hit', 'call_id'])
            expect(members[name]).toEqual(stored[i]![name])
          const cost = stored[i]!['cost_usd']
          expect(line).toContain(`"cost_usd":${String(cost)},`)
        }
        expect(lines.length).toBe(stored.length)
      }),
      { numRuns: tries(3, 15) },
    )
  })
})

describe('hourly', () => {
  const query: ExportQuery = { columns: hourlyColumns, ...hourly(everything) }

  test('every row, from the raw calls', async () => {
    await fc.assert(
      fc.asyncProperty(rawLogs, async (calls) => {
        await load(db, calls)
        const path = await written(query, 'parquet')
        const { columns, rows } = await db.query('SELECT * FROM read_parquet($path)', { path })
        expect(columns.map(({ name }) => name)).toEqual(hourlyColumns.map(({ name }) => name))
        expect(
          rows.map(({ hour, model, feature, user_id: user }) => JSON.stringify([hour, model, feature, user])),
        ).toEqual([...groups(calls).keys()].toSorted(byHour))
        for (const row of rows) {
          const key = JSON.stringify([row['hour'], row['model'], row['feature'], row['user_id']])
          expect(row).toMatchObject(figures(groups(calls).get(key)!))
        }
      }),
      { numRuns: tries(9, 80) },
    )
  })

  function groups(calls: readonly RawCall[]): Map<string, RawCall[]> {
    const found = new Map<string, RawCall[]>()
    for (const call of calls) {
      const hour = new Date(Math.floor(call.ts / 3_600_000) * 3_600_000).toISOString().replace('.000', '')
      const key = JSON.stringify([hour, call.model, call.feature, call.user_id])
      found.set(key, [...(found.get(key) ?? []), call])
    }
    return found
  }

  /** By hour, then each label, absent first. */
  function byHour(a: string, b: string): number {
    const [left, right] = [a, b].map((text) => JSON.parse(text) as (string | null)[])
    for (const [i, value] of left!.entries()) {
      const other = right![i]!
      if (value === other) continue
      if (value === null || other === null) return value === null ? -1 : 1
      return Buffer.compare(Buffer.from(value), Buffer.from(other))
    }
    return 0
  }

  function figures(calls: readonly RawCall[]): Record<string, unknown> {
    const of = <K extends keyof RawCall>(key: K): RawCall[K][] => calls.map((one) => one[key])
    const money = (values: readonly (bigint | null)[]): string | null => {
      const total = sum(values)
      return total === null ? null : dollarText(total)
    }
    const whole = (values: readonly (number | null)[]): number | null => {
      const total = sum(values)
      return total === null ? null : Number(total)
    }
    const having = (test: (call: RawCall) => boolean): number => calls.filter(test).length
    const latency = whole(of('latency'))
    return {
      calls: calls.length,
      unpriced_calls: having(({ cost }) => cost === null),
      partly_priced_calls: having(({ partly }) => partly === true),
      failed_calls: having(({ status }) => status === 'error'),
      calls_with_finish_reason: having(({ finish }) => finish !== null),
      truncated_calls: having(({ finish }) => finish === 'length' || finish === 'context_exceeded'),
      context_exceeded_calls: having(({ finish }) => finish === 'context_exceeded'),
      cache_hits: having(({ hit }) => hit === true),
      input_tokens: whole(of('input')),
      output_tokens: whole(of('output')),
      cache_read_input_tokens: whole(of('cacheRead')),
      cost_usd: money(of('cost')),
      list_cost_usd: money(of('list')),
      avoided_cost_usd: money(calls.filter(({ hit }) => hit).map(({ list }) => list)),
      calls_with_latency: present(of('latency')).length,
      latency_ms: latency === null ? null : `${latency}.000`,
    }
  }
})

describe('partitions', () => {
  const zones = ['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'Australia/Lord_Howe']

  test('each call is in the folder of its local day', async () => {
    await fc.assert(
      fc.asyncProperty(rawLogs, fc.constantFrom(...zones), async (calls, tz) => {
        await load(db, calls)
        const path = join(workshop.folder, `parts-${++files}`)
        const query = {
          columns: callColumns,
          ...exportedCalls({ ...everything, tz }, 'day'),
          partition: 'day',
        }
        await writeExport(db, query, 'parquet', { path, force: false })
        if (calls.length === 0) return
        const { rows } = await db.query<{ call_id: string; day: string }>(
          'SELECT call_id, CAST(day AS VARCHAR) AS day FROM read_parquet($path, hive_partitioning := true)',
          { path: `${path}/*/*.parquet` },
        )
        const dayIn = new Intl.DateTimeFormat('sv-SE', { timeZone: tz, dateStyle: 'short' })
        const wanted = calls.map(({ ts }, i) => ({ call_id: `c${i}`, day: dayIn.format(ts) }))
        expect(rows.toSorted((a, b) => Number(a.call_id.slice(1)) - Number(b.call_id.slice(1)))).toEqual(
          wanted,
        )
      }),
      { numRuns: tries(4, 25) },
    )
  })
})

describe('report', () => {
  const cell = fc.oneof(
    hostile,
    fc.double(),
    fc.integer(),
    fc.bigInt(),
    fc.boolean(),
    fc.constant(null),
    fc.constant('0.000000225'),
  )
  const kind = fc.constantFrom('text', 'usd', 'count', 'rate', 'time', 'boolean')

  test('every cell is a row, with the digits of the JSON answer', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(kind, cell), { minLength: 1, maxLength: 8 }), async (cells) => {
        const columns = cells.map(([kind], i) => ({
          key: `c${i}`,
          title: '',
          kind,
          ...(i === 0 ? { dimension: true as const } : {}),
        }))
        const row = Object.fromEntries(cells.map(([, value], i) => [`c${i}`, value]))
        const report: Report = {
          kind: 'breakdown',
          title: '',
          period: { since: '2026-10-01T00:00:00Z', until: null, tz: 'UTC' },
          sections: [{ id: 's', title: '', columns, rows: [row, row], totals: row, notes: ['a note'] }],
          warnings: ['a doubt'],
          findings: [
            {
              kind: 'k',
              severity: 'info',
              dimension: null,
              value: null,
              measured: 1,
              bound: '0.5',
              text: 't',
            },
          ],
        }
        const rows = tidyRows(report)
        expect(rows.filter(({ part }) => part === 'row').length).toBe(2 * cells.length)
        const printed = jsonRenderer.render(report, { columns: 80, color: false })
        for (const { number, value } of rows) {
          if (number !== null) expect(printed).toContain(value!)
        }
        const records = recordsOf(await written(tidyQuery(report), 'csv'))
        expect(records.length).toBe(rows.length)
        for (const [i, { number, value }] of rows.entries()) {
          if (number !== null) expect(records[i]!['value']).toBe(value)
          else expect(records[i]!['value']).not.toMatch(new RegExp(`^${formulaClass}`))
        }
        const path = await written(tidyQuery(report), 'parquet')
        const stored = await jsonRows('SELECT * EXCLUDE (since, until) FROM read_parquet($path)', path)
        expect(stored).toEqual(JSON.parse(JSON.stringify(rows)))
      }),
      { numRuns: tries(8, 60) },
    )
  })
})

describe('a target', () => {
  const query = textQuery([{ a: 'x', b: null }])

  test('is not replaced without force, and no part of a failed export stays', async () => {
    const room = workshop.room()
    const path = write(join(room, 'a.csv'), 'mine')
    await expect(writeExport(db, query, 'csv', { path, force: false })).rejects.toThrow('there already')
    expect(readFileSync(path, 'utf8')).toBe('mine')
    const broken = { ...query, sql: `SELECT error('no') AS a, 'x' AS b` }
    await expect(writeExport(db, broken, 'csv', { path, force: true })).rejects.toThrow()
    expect(readFileSync(path, 'utf8')).toBe('mine')
    await writeExport(db, query, 'csv', { path, force: true })
    expect(readFileSync(path, 'utf8')).toContain('x')
    const folder = join(room, 'parts')
    mkdirSync(join(folder, 'other'), { recursive: true })
    const parted = { ...query, sql: `SELECT *, '2026-10' AS month FROM (${query.sql})`, partition: 'month' }
    await expect(writeExport(db, parted, 'csv', { path: folder, force: true })).rejects.toThrow(
      'something else',
    )
    rmSync(folder, { recursive: true })
    await writeExport(db, parted, 'csv', { path: folder, force: false })
    await expect(writeExport(db, parted, 'csv', { path: folder, force: false })).rejects.toThrow(
      'there already',
    )
    await writeExport(db, parted, 'csv', { path: folder, force: true })
  })
})
