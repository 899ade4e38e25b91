/** The pieces of charts: what is drawn and said, the same each time, in colours that can be read. */
import { describe, expect, test } from 'vitest'
import { chartSvg, type ChartOptions } from '../../src/charts/chart.js'
import { legendOf } from '../../src/charts/chart-words.js'
import { darkPalette, lightPalette, pagePalette, type Palette } from '../../src/charts/palette.js'
import { drawingOf } from '../../src/charts/points.js'
import { gaugeOf } from '../../src/renderers/bars.js'
import { incidentMarks } from '../../src/reports/anomalies/incident-marks.js'
import { trendSection } from '../../src/reports/trends/trend.js'
import type { Column, Row, Section } from '../../src/reports/report.js'
import { charted } from '../golden/renderers/charted.js'

const options: ChartOptions = { width: 600, height: 200, tz: 'UTC', palette: lightPalette, id: 'c' }
const svg = (section: Section, more: Partial<ChartOptions> = {}): string =>
  chartSvg(section, { ...options, ...more })?.text ?? ''

const columns: readonly Column[] = [
  { key: 'bucket', title: 'day', kind: 'text' },
  { key: 'cost_usd', title: 'cost', kind: 'usd' },
]
const bars = (rows: readonly Row[]): Section => ({
  id: 's',
  title: 'Cost by day',
  columns,
  rows,
  chart: { kind: 'bars', x: 'bucket', y: 'cost_usd', marks: 'mark', partial: 'partial' },
})

/** Height of each bar, px, from its path: from the axis up to where it ends. */
const heights = (drawn: string): number[] =>
  [...drawn.matchAll(/d="M[\d.]+ ([\d.]+)V[\d.]+Q[\d.]+ ([\d.]+) /g)].map(([, zero, end]) =>
    Number((Number(zero) - Number(end)).toFixed(2)),
  )

describe('bars', () => {
  test('are as high as their amounts', () => {
    const amounts = ['1.000000', '2.000000', '0.500000', '4.000000']
    const drawn = svg(bars(amounts.map((cost_usd, i) => ({ bucket: `2026-10-0${i + 1}`, cost_usd }))))
    const [first = 0, ...rest] = heights(drawn)
    expect(first).toBeGreaterThan(0)
    for (const [i, height] of rest.entries()) expect(height / first).toBeCloseTo(Number(amounts[i + 1]), 1)
  })

  test('say what they are, and what stands out, also to those who do not see them', () => {
    const drawn = svg(
      bars([
        { bucket: '2026-10-01', cost_usd: '1.50' },
        { bucket: '2026-10-02', cost_usd: '12', mark: 'mostly <b>u-1' },
        { bucket: '2026-10-03', cost_usd: null },
        { bucket: '2026-10-04', cost_usd: '0.20', partial: true },
      ]),
    )
    expect(drawn).toContain('<title id="c-title">Cost by day</title>')
    expect(drawn).toContain(
      '4 points from 2026-10-01 to 2026-10-04. Highest: 2026-10-02: $12.00, mostly &lt;b&gt;u-1. Lowest: 2026-10-04: $0.20, incomplete.',
    )
    expect(drawn).toContain('<title>2026-10-02: $12.00, mostly &lt;b&gt;u-1</title>')
    expect(heights(drawn).length).toBe(3)
    expect(drawn).toContain('>Oct 3</text>')
  })

  test('nothing to draw is no chart', () => {
    expect(chartSvg({ ...bars([]), rows: [{ bucket: 'a', cost_usd: null }] }, options)).toBeUndefined()
    expect(chartSvg(bars([]), options)).toBeUndefined()
    const { chart: _, ...plain } = bars([{ bucket: 'a', cost_usd: '1' }])
    expect(chartSvg(plain, options)).toBeUndefined()
  })
})

test('every kind of chart is the same each time, and names no variable where colours are given', () => {
  for (const section of charted.sections) {
    expect(svg(section)).toBe(svg(section))
    expect(svg(section)).not.toMatch(/var\(|NaN|Infinity|undefined/)
    expect(svg(section, { palette: pagePalette })).toContain('var(--accent)')
  }
})

test('the legend names what is drawn, and nothing else', () => {
  const entries = charted.sections.map((section) => {
    const drawing = drawingOf(section, 'UTC')
    return drawing === undefined ? [] : legendOf(drawing).map(({ text }) => text)
  })
  expect(entries).toEqual([
    ['cost', 'stands out', 'incomplete'],
    ['cost', 'stands out', 'expected'],
    ['cost so far', 'forecast', 'likely range', 'Budget $400'],
    ['p95 latency', 'stands out'],
  ])
})

describe('a bound', () => {
  const bounded = (value: string): Section => ({
    ...bars([1, 2, 4].map((usd, i) => ({ bucket: `2026-10-0${i + 1}`, cost_usd: String(usd) }))),
    chart: { kind: 'area', x: 'bucket', y: 'cost_usd', bound: { value, title: 'Budget x & y: $8.00' } },
  })
  /** The line, and the highest point of the sum, px from the top. */
  const heightsOf = (drawn: string): (number | undefined)[] => [
    Number(/M[\d.]+ ([\d.]+)H[\d.]+" stroke="#8a5300"/.exec(drawn)?.[1]),
    Math.min(...[...drawn.matchAll(/<circle cx="[\d.]+" cy="([\d.]+)"/g)].map(([, y]) => Number(y))),
  ]
  const zero = 176

  test('stands at its level, with its name', () => {
    const [line = 0, top = 0] = heightsOf(svg(bounded('8')))
    expect((zero - line) / (zero - top)).toBeCloseTo(2, 2)
    expect(svg(bounded('8'))).toContain('>Budget x &amp; y: $8.00</text>')
    const below = heightsOf(svg(bounded('1')))
    expect((zero - (below[0] ?? 0)) / (zero - (below[1] ?? 0))).toBeCloseTo(1 / 4, 2)
  })

  test('far above is said, and leaves the sum its height', () => {
    const far = svg(bounded('8.01'))
    const [line, top] = heightsOf(far)
    expect(line).toBeNaN()
    expect(top).toBe(heightsOf(svg(bounded('1')))[1])
    expect(far).toContain('>Budget x &amp; y: $8.00, above the chart</text>')
    expect(far).toContain('Budget x &amp; y: $8.00 is above the chart.')
    const drawing = drawingOf(bounded('8.01'), 'UTC')
    expect(drawing && legendOf(drawing).at(-1)?.text).toBe('Budget x & y: $8.00, above the chart')
  })

  test('has a name no longer than the chart is wide', () => {
    const { chart, ...section } = bounded('3')
    const title = 'a'.repeat(500)
    const named = { ...section, chart: { ...chart!, bound: { value: '3', title } } }
    const [, text = ''] = /<text[^>]*>(a+…)<\/text>/.exec(svg(named, { width: 340 })) ?? []
    expect(text.length).toBeGreaterThan(20)
    expect(text.length * 6.8).toBeLessThan(340)
  })
})

describe('a line', () => {
  const latency = (
    points: readonly (readonly [p95: number | null, p50: number | null, partial?: boolean])[],
  ): Section => ({
    id: 'latency_by_day',
    title: 'Latency by day',
    columns: [
      { key: 'bucket', title: 'day', kind: 'text' },
      { key: 'p95', title: 'p95', kind: 'ms' },
      { key: 'p50', title: 'p50', kind: 'ms' },
    ],
    rows: points.map(([p95, p50, partial = false], i) => ({
      bucket: `2026-10-0${i + 1}`,
      p95,
      p50,
      partial,
    })),
    chart: { kind: 'line', x: 'bucket', y: 'p95', expected: 'p50', partial: 'partial' },
  })
  const radii = (drawn: string): string[] =>
    [...drawn.matchAll(/<circle [^>]* r="([\d.]+)"/g)].map(([, r = '']) => r)

  test('names the second line, and says both figures', () => {
    const section = latency([
      [16_000, 3_000],
      [18_000, 4_000],
      [null, 2_000],
      [null, null],
    ])
    const drawing = drawingOf(section, 'UTC')
    expect(drawing && legendOf(drawing).map(({ text }) => text)).toEqual(['p95', 'p50'])
    const drawn = svg(section)
    expect(drawn).toContain('<title>2026-10-01: 16.0 s, p50 3,000 ms</title>')
    expect(drawn).toContain('<title>2026-10-03: p50 2,000 ms</title>')
    expect(drawn).toContain('<title>2026-10-04: no value</title>')
  })

  test('shows a point between two gaps, the last one, and one that is incomplete', () => {
    const [gap, some] = [
      [null, null],
      [1000, 500],
    ] as const
    expect(radii(svg(latency([some, some, some])))).toEqual(['3.5'])
    expect(radii(svg(latency([some, gap, some, gap, some, some])))).toEqual(['2.5', '2.5', '3.5'])
    expect(radii(svg(latency([[1000, 500, true], some, [900, 400, true]])))).toEqual(['4', '4'])
  })

  test('levels of the axis have no decimals that say nothing', () => {
    const ticks = (most: number): string[] =>
      [...svg(latency([[most, 1]])).matchAll(/text-anchor="end">([^<]+)</g)].map(([, text = '']) => text)
    expect(ticks(20_000)).toEqual(['0 s', '5 s', '10 s', '15 s', '20 s'])
    expect(ticks(9_000)).toEqual(['0 s', '2 s', '4 s', '6 s', '8 s', '10 s'])
  })
})

test.each([
  ['0.865', '0.912', { size: 0.865, tick: 0.912, isOver: false }],
  [1, 0, { size: 1, tick: 0, isOver: false }],
  [5.14, 0.374, { size: 1, tick: 0.374, isOver: true }],
  [0, 1, { size: 0, tick: 1, isOver: false }],
  [null, 0.5, undefined],
  [0.5, null, undefined],
])('used %s of a budget with %s of its period gone', (used, gone, gauge) => {
  const column: Column = { key: 'used', title: 'used', kind: 'rate', against: 'gone' }
  expect(gaugeOf(column, { used, gone })).toEqual(gauge)
  const { against: _, ...plain } = column
  expect(gaugeOf(plain, { used, gone })).toBeUndefined()
})

describe('marks in a trend', () => {
  const hour = 3_600_000
  const begin = Date.parse('2026-10-01T00:00:00Z')
  const buckets = [0, 1, 2, 3].map((i) => ({
    label: `2026-10-0${i + 1}`,
    from: begin + 24 * i * hour,
    to: begin + 24 * (i + 1) * hour,
    cut: null,
  }))
  const answer = {
    scope: { since: null, until: null, tz: 'UTC', filters: [] },
    every: 'day' as const,
    by: [],
    metrics: [{ name: 'cost_usd' as const, empty: 'zero' as const }],
    buckets,
    rows: [],
  }
  const marksOf = (...spans: readonly (readonly [string, string])[]): unknown[] => {
    const marks = spans.map(([since, until], i) => ({ since, until, text: `m${i}` }))
    const total = { is_total: true, is_others: false, is_window: true, bucket: null, cost_usd: '0' }
    const section = trendSection({ ...answer, rows: [total] as never }, 'x', marks)
    return section.rows.map(({ mark }) => mark)
  }

  test('stand where they begin, and go on to their end, which is not included', () => {
    expect(marksOf(['2026-10-02T10:00:00Z', '2026-10-04T00:00:00Z'])).toEqual([null, 'm0', true, null])
    expect(marksOf(['2026-09-20T00:00:00Z', '2026-10-01T01:00:00Z'])).toEqual(['m0', null, null, null])
    expect(
      marksOf(
        ['2026-10-01T10:00:00Z', '2026-10-02T01:00:00Z'],
        ['2026-10-01T11:00:00Z', '2026-10-01T12:00:00Z'],
      ),
    ).toEqual(['m0; m1', true, null, null])
  })
})

test('an incident is marked with who spent and what is usual', () => {
  const incident = {
    since: '2026-10-02T10:00:00.000Z',
    until: '2026-10-02T13:00:00.000Z',
    lead: { dimension: 'user_id', value: 'u-17' },
    cost: 12_500_000_000_000n,
    norm: 500_000_000_000n,
    timesNormal: 25,
    kinds: ['spike'],
  } as unknown as Parameters<typeof incidentMarks>[0][number]
  const [mark] = incidentMarks([incident])
  expect(mark).toMatchObject({ since: incident.since, until: incident.until })
  expect(mark?.text).toMatch(/^user u-17: \$12\.50.*\$0\.50/)
})

/** Contrast of two colours by WCAG 2: 1 to 21. */
function contrast(one: string, other: string): number {
  const [a = 0, b = 0] = [one, other].map(luminance).toSorted((x, y) => y - x)
  return (a + 0.05) / (b + 0.05)
}

function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

describe.each([
  ['light', lightPalette],
  ['dark', darkPalette],
])('the %s palette', (_, palette: Palette) => {
  test('text can be read: contrast 4.5 and more', () => {
    const { paper, card } = palette
    const pairs = [
      ...(['ink', 'quiet', 'accent', 'good', 'caution', 'bad'] as const).flatMap((name) => [
        [palette[name], paper],
        [palette[name], card],
      ]),
      [palette.good, palette.goodPaper],
      [palette.caution, palette.cautionPaper],
      [palette.bad, palette.badPaper],
      [palette.ink, palette.cautionPaper],
    ] as const
    expect(pairs.filter(([text, under]) => contrast(text, under) < 4.5)).toEqual([])
  })

  test('bars and lines can be told from what is under them: contrast 3 and more', () => {
    for (const colour of [palette.accent, palette.bad, palette.caution]) {
      expect(contrast(colour, palette.card)).toBeGreaterThanOrEqual(3)
    }
  })
})
