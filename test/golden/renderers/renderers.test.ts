import { describe, expect, test } from 'vitest'
import { UserError } from '../../../src/errors.js'
import { mailOf } from '../../../src/renderers/mail/page.js'
import { rendererFor, renderers } from '../../../src/renderers/registry.js'
import type { Report } from '../../../src/reports/report.js'
import { unstyledPage } from '../looks.js'
import { charted } from './charted.js'
import { hostile, overview } from './reports.js'

const reports: Record<string, Report> = {
  overview,
  hostile,
  charted,
  single: { ...overview, sections: overview.sections.slice(1, 2) },
}

const cases = Object.keys(reports).flatMap((name) =>
  renderers.flatMap(({ id, endings }) => {
    const wide = id === 'table' ? [40, 60, 80, 100, 120, 200] : [80]
    return wide.flatMap((columns) =>
      (id === 'table' ? [false, true] : [false]).map((color) => ({ name, id, endings, columns, color })),
    )
  }),
)

describe('each format', () => {
  test.each(cases)(
    '$name as $id, $columns columns, color $color',
    async ({ name, id, endings, columns, color }) => {
      const report = reports[name]
      const renderer = rendererFor({ format: id })
      const text = report === undefined ? '' : await renderer.render(report, { columns, color })
      const size = id === 'table' ? `-${columns}${color ? '-color' : ''}` : ''
      const shown = id === 'html' ? unstyledPage(text) : text
      await expect(shown).toMatchFileSnapshot(`__files__/${name}${size}.${endings[0]}`)
    },
  )
})

test.each(Object.keys(reports).flatMap((name) => [60, 80, 100, 200].map((columns) => ({ name, columns }))))(
  '$name with borders, $columns columns',
  async ({ name, columns }) => {
    const report = reports[name]
    const text =
      report === undefined
        ? ''
        : await rendererFor({}).render(report, { columns, color: false, borders: true })
    await expect(text).toMatchFileSnapshot(`__files__/${name}-${columns}-borders.txt`)
  },
)

test('people read notes of their own where a section has some, programs the others', async () => {
  const [section] = overview.sections.slice(1, 2).map((one) => ({
    ...one,
    notes: ['for programs'],
    shownNotes: ['for people'],
  }))
  if (section === undefined) throw new Error('the overview has no table')
  const report = { ...overview, sections: [section] }
  const texts = await Promise.all(
    renderers.map(
      async ({ id, render }) => [id, await render(report, { columns: 80, color: false })] as const,
    ),
  )
  const noted = [...texts, ['mail', mailOf(report, 'UTC', 'sans').html] as const].filter(
    ([id]) => id !== 'csv',
  )
  for (const [id, text] of noted) {
    expect([id, text.includes('for programs')]).toEqual([id, id === 'json'])
    expect([id, text.includes('for people')]).toEqual([id, id !== 'json'])
  }
})

test('colour adds nothing but colour', async () => {
  for (const report of Object.values(reports)) {
    for (const renderer of renderers) {
      const painted = await renderer.render(report, { columns: 80, color: true })
      // oxlint-disable-next-line no-control-regex -- the escapes of our own colours
      expect(painted.replace(/\u001B\[\d+m/g, '')).toBe(
        await renderer.render(report, { columns: 80, color: false }),
      )
    }
  }
})

test('times are shown in the zone asked for', async () => {
  const text = await rendererFor({}).render(overview, { columns: 80, color: false, tz: 'Asia/Tokyo' })
  expect(text).toContain('2026-10-03 08:58:11')
  expect(text).toContain('2026-09-26 09:00 – 2026-10-03 09:00 Asia/Tokyo')
})

describe('which renderer', () => {
  test.each([
    [{}, 'table'],
    [{ json: true }, 'json'],
    [{ json: true, output: 'a.csv' }, 'json'],
    [{ json: true, format: 'json' }, 'json'],
    [{ csv: true }, 'csv'],
    [{ csv: true, format: 'csv', output: 'a.json' }, 'csv'],
    [{ format: 'md' }, 'markdown'],
    [{ format: 'CSV', output: 'costs.json' }, 'csv'],
    [{ output: '/tmp/a.b/costs.MD' }, 'markdown'],
    [{ output: 'out/v1.2/costs' }, 'table'],
    [{ output: 'costs.txt' }, 'table'],
    [{ output: '.csv' }, 'table'],
  ])('%j: %s', (choice, id) => {
    expect(rendererFor(choice).id).toBe(id)
  })

  test.each([
    [
      { format: 'jsn' },
      /--format jsn is not a format/,
      /table, markdown, html, json, csv; the closest: json/,
    ],
    [{ output: 'costs.xlsx' }, /no format goes with the file ending \.xlsx/, /\.md.*--format/],
    [{ json: true, format: 'csv' }, /two formats/, /one of them/],
    [{ csv: true, format: 'json' }, /two formats/, /one of them/],
    [{ csv: true, json: true }, /two formats/, /one of them/],
  ])('%j is refused', (choice, message, hint) => {
    const error = refusal(() => rendererFor(choice))
    expect(error).toMatchObject({ code: 'usage' })
    expect(error?.message).toMatch(message)
    expect(error?.hint).toMatch(hint)
  })
})

function refusal(run: () => unknown): UserError | undefined {
  try {
    run()
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
  return undefined
}

test('an answer without a window, rows or sections is still an answer', async () => {
  const empty: Report = {
    kind: 'breakdown',
    title: 'Nothing',
    period: { since: null, until: null, tz: 'UTC' },
    sections: [],
    warnings: [],
  }
  const texts: string[] = []
  for (const renderer of renderers.filter(({ id }) => id !== 'html')) {
    texts.push(await renderer.render(empty, { columns: 80, color: false }))
  }
  expect(texts).toMatchInlineSnapshot(`
    [
      "Nothing
    ",
      "## Nothing
    ",
      "{
      "schemaVersion": 2,
      "kind": "breakdown",
      "period": {
        "since": null,
        "until": null,
        "tz": "UTC"
      },
      "sections": [],
      "warnings": []
    }
    ",
      "",
    ]
  `)
})
