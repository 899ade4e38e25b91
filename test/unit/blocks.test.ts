/** Sections told in blocks: states lead the first sentence, and their tones are colour alone. */
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { mailOf } from '../../src/renderers/mail/page.js'
import { renderers } from '../../src/renderers/registry.js'
import type { Report, Section } from '../../src/reports/report.js'

const section: Section = {
  id: 'alerts',
  title: 'Alerts',
  layout: 'blocks',
  columns: [
    { key: 'headline', title: 'alert', kind: 'text' },
    { key: 'severity', title: 'severity', kind: 'status', tones: { critical: 'bad', warning: 'caution' } },
    { key: 'status', title: 'status', kind: 'status', tones: { firing: 'bad', over: 'good' } },
    { key: 'times', title: 'times', kind: 'text' },
    { key: 'told', title: 'told', kind: 'text' },
  ],
  rows: [
    { headline: 'dear', severity: 'critical', status: 'firing', times: 'since <nine>', told: 'told chat' },
    { headline: 'slow', severity: 'odd', status: 'over', times: null, told: null },
    { headline: 'plain', severity: null, status: null, times: 'since ten', told: null },
    { headline: 'nothing more', severity: null, status: null, times: null, told: null },
  ],
}
const report: Report = {
  kind: 'alerts',
  title: 'Alerts',
  period: { since: null, until: null, tz: 'UTC' },
  sections: [section],
  warnings: [],
}

async function rendered(format: string, color = false, columns = 80): Promise<string> {
  const renderer = renderers.find(({ id }) => id === format)
  return (await renderer?.render(report, { columns, color })) ?? ''
}

test('a terminal', async () => {
  const text = await rendered('table')
  expect(text).toBe(
    [
      'Alerts',
      '',
      '  dear',
      '    critical, firing: since <nine>',
      '    told chat',
      '',
      '  slow',
      '    odd, over',
      '',
      '  plain',
      '    since ten',
      '',
      '  nothing more',
      '',
    ].join('\n'),
  )
  const painted = await rendered('table', true)
  expect(painted).toContain('    \u001b[31mcritical\u001b[39m, \u001b[31mfiring\u001b[39m: since <nine>')
  expect(painted).toContain('    odd, \u001b[32mover\u001b[39m\n')
  for (const columns of [20, 26, 80])
    expect(stripVTControlCharacters(await rendered('table', true, columns))).toBe(
      await rendered('table', false, columns),
    )
})

test('a page and a mail', async () => {
  const page = await rendered('html')
  const line = '<span class="bad">critical</span>, <span class="bad">firing</span>: since &lt;nine&gt;</p>'
  expect(page).toContain(`<p>${line}`)
  expect(page).toContain('<p>odd, <span class="good">over</span></p>')
  const { html } = mailOf(report, 'UTC', 'sans')
  expect(html).toMatch(/<span[^>]*>critical<\/span>, <span[^>]*>firing<\/span>: since &lt;nine&gt;<\/p>/)
})

test('markdown and programs', async () => {
  expect(await rendered('markdown')).toContain(
    '- **dear**\n  - critical, firing: since &lt;nine&gt;\n  - told chat',
  )
  expect(JSON.parse(await rendered('json'))).toMatchObject({ rows: section.rows })
})
