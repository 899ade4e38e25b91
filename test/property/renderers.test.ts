/** No renderer changes a number, leaves its width, or lets a text act. */
import { parse as parseCsv } from 'csv-parse/sync'
import fc from 'fast-check'
import { parse as parseJson } from 'lossless-json'
import stringWidth from 'string-width'
import { describe, expect, test } from 'vitest'
import { renderers, rendererFor } from '../../src/renderers/registry.js'
import { sparkline } from '../../src/renderers/sparkline.js'
import { drawn, pictureFont } from '../../src/delivery/pictures.js'
import { style } from '../../src/renderers/html/style.js'
import { mailOf, mostBytes } from '../../src/renderers/mail/page.js'
import { sheet } from '../../src/renderers/mail/style.js'
import { visible, visibleOnPage } from '../../src/domain/words/hidden.js'
import type { ColumnKind } from '../../src/domain/column-kind.js'
import type { Cell, Column, Report, Row, Section } from '../../src/reports/report.js'
import { hostileTexts } from '../golden/renderers/reports.js'
import { mailRules, readPage } from './harmless-page.js'

const awkward = fc.constantFrom(...hostileTexts, ...hostileTexts.map((one) => `${one} ${one}`))
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  awkward,
  fc.constantFrom(
    'chat',
    'search',
    '請求書',
    '👩‍👩‍👧',
    'e\u0301'.repeat(9),
    '\u0301',
    'e' + '\u0301'.repeat(40),
    '🇩🇪🇫🇷',
  ),
)
const decimal = fc
  .tuple(fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }), fc.constantFrom(0, 2, 9, 12))
  .map(([digits, places]) => {
    const padded = (digits < 0n ? -digits : digits).toString().padStart(places + 1, '0')
    const cut = padded.length - places
    return `${digits < 0n ? '-' : ''}${places === 0 ? padded : `${padded.slice(0, cut)}.${padded.slice(cut)}`}`
  })
const double = fc.double({ noNaN: true, noDefaultInfinity: true })
const fraction = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 1, 1 / 3))
const time = fc
  .date({ min: new Date('2015-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString())

const cells: Record<ColumnKind, fc.Arbitrary<Cell>> = {
  text,
  time,
  count: fc.oneof(fc.maxSafeNat(), fc.bigInt({ min: 0n, max: 10n ** 30n }), fc.nat(2000)),
  usd: fc.oneof(decimal, double),
  price: decimal,
  share: fraction,
  rate: fraction,
  change: fc.double({ min: -1, max: 1e4, noNaN: true }),
  number: fc.oneof(double, decimal),
  ms: fc.double({ min: 0, max: 1e7, noNaN: true }),
  bytes: fc.maxSafeNat(),
  boolean: fc.boolean(),
  status: text,
  json: fc.oneof(fc.array(text), fc.dictionary(text, fc.oneof(text, fc.integer()))),
  series: fc.oneof(
    fc.array(fc.option(fc.oneof(decimal, double)), { maxLength: 90 }),
    fc.array(fc.option(fc.nat(9)), { maxLength: 9 }),
  ),
}
const kinds = Object.keys(cells) as ColumnKind[]

const column = (index: number): fc.Arbitrary<Column> =>
  fc
    .record({
      kind: fc.constantFrom(...kinds),
      title: text,
      suffix: fc.oneof(fc.constant(''), text),
      optional: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
      dimension: fc.boolean(),
      dataOnly: fc.integer({ min: 0, max: 5 }),
      bars: fc.boolean(),
    })
    .map(({ kind, title, suffix, optional, dimension, dataOnly, bars }) => ({
      key: `k${index}${suffix}`,
      title,
      kind,
      ...(optional !== undefined && { optional }),
      ...(dimension && { dimension }),
      ...(dataOnly === 0 && { dataOnly: true as const }),
      ...(bars && { bars }),
    }))

const rowOf = (columns: readonly Column[]): fc.Arbitrary<Row> =>
  fc
    .tuple(...columns.map(({ kind }) => fc.option(cells[kind], { freq: 8 })))
    .map((values) => Object.fromEntries(columns.map(({ key }, index) => [key, values[index] ?? null])))

const section: fc.Arbitrary<Section> = fc
  .integer({ min: 1, max: 9 })
  .chain((size) => fc.tuple(...Array.from({ length: size }, (_, index) => column(index))))
  .chain((columns) =>
    fc
      .record({
        title: text,
        rows: fc.array(rowOf(columns), { maxLength: 6 }),
        totals: fc.option(rowOf(columns), { nil: undefined }),
        notes: fc.option(fc.array(text, { maxLength: 2 }), { nil: undefined }),
        facts: fc.boolean(),
      })
      .map(({ title, rows, totals, notes, facts }) => ({
        id: 'part',
        title,
        columns,
        rows,
        ...(totals && { totals }),
        ...(notes && { notes }),
        ...(facts && { layout: 'facts' as const }),
      })),
  )

const report: fc.Arbitrary<Report> = fc.record({
  kind: fc.constant('breakdown' as const),
  title: text,
  period: fc.record({
    since: fc.option(time),
    until: fc.option(time),
    tz: fc.constantFrom('UTC', 'Asia/Kolkata', 'America/St_Johns'),
  }),
  sections: fc.array(section, { minLength: 1, maxLength: 3 }),
  warnings: fc.array(text, { maxLength: 2 }),
  footer: fc.array(text, { maxLength: 1 }),
})

/** Sections that draw columns of any kind, with findings beside them. */
const withCharts: fc.Arbitrary<Report> = fc
  .tuple(
    report,
    fc.array(
      fc.record({
        kind: fc.constantFrom('bars', 'line', 'area'),
        keys: fc.array(fc.nat(8), { minLength: 6, maxLength: 6 }),
        title: text,
      }),
      { minLength: 3, maxLength: 3 },
    ),
    fc.array(text, { maxLength: 3 }),
  )
  .map(([what, charts, found]) => ({
    ...what,
    sections: what.sections.map((section, i): Section => {
      const { kind, keys, title } = charts[i] ?? { kind: 'bars', keys: [], title: '' }
      const [x, y, expected, low, high, marks] = keys.map(
        (place) => section.columns[place % section.columns.length]?.key ?? '',
      )
      const bound = { value: section.rows[0]?.[y ?? ''] ?? null, title }
      return {
        ...section,
        chart: { kind, x: x ?? '', y: y ?? '', expected, low, high, marks, bound },
      }
    }),
    findings: found.map((value) => ({
      kind: 'x',
      severity: 'warning',
      dimension: 'user_id',
      value,
      measured: null,
      bound: null,
      text: `${value} is dear`,
    })),
  }))

const columns = fc.integer({ min: 20, max: 250 })
function render(format: string, what: Report, width = 80, color = false): string {
  const text = rendererFor({ format }).render(what, { columns: width, color })
  if (typeof text !== 'string') throw new Error(`${format} takes its time`)
  return text
}

/** What takes its time: a table loads what draws it. */
const renderTable = (what: Report, width: number, color = false, borders = false): Promise<string> =>
  Promise.resolve(rendererFor({}).render(what, { columns: width, color, borders }))

/** string-width takes every pictograph for a wide one; a terminal, only those that are emoji by default. */
const shownWidth = (line: string): number =>
  stringWidth(line.replace(/(?!\p{Emoji_Presentation})\p{Extended_Pictographic}(?!\uFE0F)/gu, 'x'))

describe('the table', () => {
  test('stays within its width', async () => {
    await fc.assert(
      fc.asyncProperty(report, columns, fc.boolean(), fc.boolean(), async (what, width, color, borders) => {
        const lines = (await renderTable(what, width, color, borders)).split('\n')
        expect(lines.filter((line) => shownWidth(line) > width)).toEqual([])
      }),
    )
  })

  test('borders stand below each other', async () => {
    await fc.assert(
      fc.asyncProperty(report, columns, async (what, width) => {
        const lines = (await renderTable(what, width, false, true)).split('\n')
        const open = lines.flatMap((line, i) => (/^ *┌/.test(line) ? [i] : []))
        for (const first of open) {
          const last = lines.findIndex((line, i) => i > first && /^ *└/.test(line))
          const widths = lines.slice(first, last + 1).map((line) => shownWidth(line))
          expect(new Set(widths).size).toBe(1)
        }
      }),
    )
  })
})

describe('nothing acts', () => {
  const dangerous =
    // oxlint-disable-next-line no-control-regex -- exactly these must not appear
    /[\u0000-\u001F\u007F-\u009F\u061C\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF\u{E0000}-\u{E007F}]|\p{Cs}/u

  /** Emoji that are joined into one, which pages show as themselves; what joins them acts nowhere else. */
  const withoutJoined = (text: string): string =>
    text.replaceAll(new RegExp(String.raw`\p{RGI_Emoji_ZWJ_Sequence}`, 'gv'), '')
  const isPage = (id: string): boolean => ['html', 'markdown'].includes(id)

  test.each(renderers.map(({ id }) => id))('%s has no control or bidi character', async (id) => {
    await fc.assert(
      fc.asyncProperty(report, columns, async (what, width) => {
        const text = await rendererFor({ format: id }).render(what, { columns: width, color: false })
        const output = text.replaceAll('\n', '')
        expect(dangerous.exec(isPage(id) ? withoutJoined(output) : output)).toBeNull()
      }),
    )
  })

  test('a page is made of nothing but what it writes itself', async () => {
    await fc.assert(
      fc.asyncProperty(withCharts, async (what) => {
        const page = readPage(
          await rendererFor({ format: 'html' }).render(what, { columns: 80, color: false }),
        )
        expect(page.offences).toEqual([])
        expect(page.styles).toEqual([style.text])
        expect(new Set(page.ids).size).toBe(page.ids.length)
        const texts = [
          what.title,
          ...what.warnings,
          ...what.sections.flatMap(({ title, notes = [] }) => [title, ...notes]),
        ]
        expect(texts.filter((one) => !page.text.includes(visibleOnPage(one)))).toEqual([])
      }),
    )
  })

  test('a mail is made of nothing but what it writes itself, and its pictures can be drawn', async () => {
    await fc.assert(
      fc.asyncProperty(withCharts, async (what) => {
        const { html, pictures } = mailOf(what, what.period.tz, pictureFont)
        const page = readPage(html, mailRules)
        expect(page.offences).toEqual([])
        expect(page.styles).toEqual([sheet.text])
        expect(dangerous.exec(withoutJoined(html.replaceAll('\n', '')))).toBeNull()
        const shown = [...html.matchAll(/src="cid:([^"]+)"/g)].map(([, cid]) => cid)
        expect([...new Set(shown)]).toEqual(pictures.map(({ cid }) => cid))
        const images = await drawn(pictures.slice(0, 1))
        expect(images.map(({ content }) => Buffer.from(content).subarray(1, 4).toString())).toEqual(
          pictures.slice(0, 1).map(() => 'PNG'),
        )
      }),
      { numRuns: 25 },
    )
  })

  test('a mail is never so large that it would be cut', () => {
    const sizes = [
      [400, 1],
      [40, 4],
      [1, 30],
    ] as const
    const large = fc.tuple(withCharts, fc.constantFrom(...sizes))
    fc.assert(
      fc.property(large, ([what, [longer, more]]) => {
        const stretched = (text: string): string => text.repeat(longer)
        const sections = Array.from({ length: more }, () => what.sections).flat()
        const huge: Report = {
          ...what,
          title: stretched(what.title),
          warnings: Array.from({ length: more }, () => what.warnings.map(stretched)).flat(),
          footer: what.footer?.map(stretched) ?? [],
          findings: Array.from({ length: more }, () => what.findings ?? []).flat(),
          sections: sections.map((section) => ({
            ...section,
            title: stretched(section.title),
            notes: section.notes?.map(stretched) ?? [],
            rows: Array.from({ length: longer }, () => section.rows).flat(),
          })),
        }
        const { html } = mailOf(huge, 'UTC', pictureFont)
        expect(Buffer.byteLength(html)).toBeLessThanOrEqual(mostBytes)
      }),
      { numRuns: 6 },
    )
  })

  test('the table has no escapes but its own colours', async () => {
    await fc.assert(
      fc.asyncProperty(report, fc.boolean(), async (what, borders) => {
        const painted = await renderTable(what, 100, true, borders)
        // oxlint-disable-next-line no-control-regex -- the escapes of our own colours
        const output = painted.replace(/\u001B\[(1|2|22|3[123]|39)m/g, '')
        expect(dangerous.exec(output.replaceAll('\n', ''))).toBeNull()
      }),
    )
  })

  test('no text of a CSV begins like a formula', () => {
    fc.assert(
      fc.property(report, (what) => {
        const records = parseCsv(render('csv', what), { relax_column_count: true })
        const texts = records.flat().filter((field) => !/^-\d/.test(field) || !Number.isFinite(Number(field)))
        expect(texts.filter((field) => /^[=+\-@\t\r＝＋－＠]/.test(field))).toEqual([])
      }),
    )
  })
})

/** The digits a machine must find: those of the database, without zeros that say nothing. */
function digits(cell: Cell | undefined): string | null {
  if (cell === null || cell === undefined) return null
  if (typeof cell === 'number') return JSON.stringify(cell)
  const string = String(cell)
  const short = string.includes('.') ? string.replace(/0+$/, '').replace(/\.$/, '') : string
  return short === '-0' ? '0' : short
}

const words = new Set<ColumnKind>(['text', 'time', 'boolean', 'json', 'status', 'series'])

/** The digits of each number of a series. */
const digitsOfAll = (cell: Cell | undefined): (string | null)[] | null =>
  cell === null || cell === undefined ? null : (cell as Cell[]).map(digits)

describe('machines read what the database said', () => {
  const single = report.map((what) => ({ ...what, sections: what.sections.slice(0, 1) }))

  test('JSON', () => {
    fc.assert(
      fc.property(single, (what) => {
        const parsed = parseJson(render('json', what), undefined, {
          parseNumber: (digitsRead) => ({ digitsRead }),
        }) as {
          rows: Record<string, unknown>[]
          totals: Record<string, unknown> | null
        }
        const [only] = what.sections
        const given = [...(only?.rows ?? []), ...(only?.totals ? [only.totals] : [])]
        const read = [...parsed.rows, ...(parsed.totals ? [parsed.totals] : [])]
        expect(read.length).toBe(given.length)
        for (const [index, row] of given.entries()) {
          for (const { key, kind } of only?.columns ?? []) {
            const value = read[index]?.[key] as { digitsRead?: string } | string | null
            if (!words.has(kind)) {
              const found = value === null ? null : (value as { digitsRead: string }).digitsRead
              expect(found).toBe(digits(row[key]))
            } else if (kind === 'series') {
              const list = value as unknown as ({ digitsRead: string } | null)[] | null
              const found = list?.map((item) => (item === null ? null : item.digitsRead)) ?? null
              expect(found).toEqual(digitsOfAll(row[key]))
            } else if (kind !== 'json') {
              expect(value).toEqual(row[key])
            }
          }
        }
      }),
    )
  })

  test('JSON keeps every text, lone surrogates included', () => {
    fc.assert(
      fc.property(text, (value) => {
        const what = JSON.parse(render('json', { ...oneText, warnings: [value] })) as { warnings: string[] }
        expect(what.warnings).toEqual([value])
      }),
    )
  })

  test('CSV', () => {
    fc.assert(
      fc.property(single, (what) => {
        const [only] = what.sections
        const [header, ...records] = parseCsv(render('csv', what), {
          relax_column_count: false,
          skip_empty_lines: false,
        })
        expect(header?.map(unguarded)).toEqual(only?.columns.map(({ key }) => visible(key)))
        expect(records.length).toBe(only?.rows.length)
        for (const [index, row] of (only?.rows ?? []).entries()) {
          for (const [place, { key, kind }] of (only?.columns ?? []).entries()) {
            const field = records[index]?.[place] ?? ''
            if (!words.has(kind)) expect(field).toBe(digits(row[key]) ?? '')
            else if (kind === 'series') {
              const list = digitsOfAll(row[key])
              expect(field).toBe(list === null ? '' : `[${list.map((one) => one ?? 'null').join(',')}]`)
            } else if (kind === 'text' || kind === 'status')
              expect(unguarded(field)).toBe(unguarded(visible(String(row[key] ?? ''))))
            else if (kind === 'json' && field !== '') expect(JSON.parse(field)).toEqual(row[key])
          }
        }
      }),
    )
  })
})

test('a section beside the answer leaves its JSON keys and its CSV as they are', () => {
  fc.assert(
    fc.property(report, section, (what, part) => {
      const aside = { ...part, id: 'aside', beside: true as const }
      const both = { ...what, sections: [...what.sections, aside] }
      const { aside: found, ...rest } = JSON.parse(render('json', both)) as Record<string, unknown>
      expect(rest).toEqual(JSON.parse(render('json', what)))
      expect(Object.keys(found as object)).toEqual(['title', 'columns', 'rows', 'totals', 'notes'])
      expect(render('csv', both)).toBe(render('csv', what))
    }),
  )
})

describe('sparklines', () => {
  const amounts = fc.array(fc.option(fc.nat(1000), { freq: 5 }), { maxLength: 90 })
  const drawn = (values: readonly (number | null)[], room: number): string =>
    sparkline(
      values.map((value) => (value === null ? null : String(value))),
      room,
    )

  test('a letter a number, on a scale from zero, gaps as spaces', () => {
    fc.assert(
      fc.property(amounts, (values) => {
        const letters = drawn(values, 90).split('')
        const largest = Math.max(1, ...values.map((value) => value ?? 0))
        expect(letters.length).toBe(values.length)
        for (const [i, value] of values.entries()) {
          const level = '▁▂▃▄▅▆▇█'.indexOf(letters[i]!)
          if (value === null) expect(letters[i]).toBe(' ')
          else if (value === 0) expect(level).toBe(0)
          else {
            expect(level).toBeGreaterThan(0)
            expect(Math.abs(level - (value / largest) * 7)).toBeLessThan(1)
          }
        }
      }),
    )
  })

  test('shorter than its numbers, a letter is the mean of its part', () => {
    fc.assert(
      fc.property(amounts, fc.integer({ min: 0, max: 40 }), (values, room) => {
        const line = drawn(values, room)
        expect(line.length).toBe(Math.min(room, values.length))
        if (values.every((value) => value === null)) expect(line.trim()).toBe('')
        if (room >= 1 && values.some((value) => (value ?? 0) > 0)) expect(line).toContain('█')
      }),
    )
    expect(drawn([0, 0, 7, 7, 2, 4, null, null, null, 1], 5)).toBe('▁█▄ ▂')
  })
})

const oneText: Report = {
  kind: 'breakdown',
  title: '',
  period: { since: null, until: null, tz: 'UTC' },
  sections: [],
  warnings: [],
}

const unguarded = (field: string): string => field.replace(/^'/, '')

test('every row of a Markdown table has as many cells as its heading', () => {
  fc.assert(
    fc.property(report, (what) => {
      for (const table of render('markdown', what).split('\n\n')) {
        const rows = table.split('\n').filter((line) => line.startsWith('| '))
        const sizes = new Set(rows.map((line) => line.replaceAll(/\\./g, '').split('|').length))
        expect(sizes.size).toBeLessThanOrEqual(1)
      }
    }),
  )
})
