/** A name with an emoji of several: itself on a page, escaped where columns are counted. */
import { expect, test } from 'vitest'
import type { Report } from '../../src/reports/report.js'
import { html } from '../../src/renderers/html.js'
import { markdown } from '../../src/renderers/markdown.js'
import { table } from '../../src/renderers/table.js'

const family = '\u{1F468}\u200D\u{1F469}\u200D\u{1F467}'
const report: Report = {
  kind: 'breakdown',
  title: `Cost of ${family}`,
  period: { since: null, until: null, tz: 'UTC' },
  sections: [
    {
      id: 'cost',
      title: 'Cost',
      columns: [
        { key: 'user_id', title: 'user', kind: 'text', dimension: true },
        { key: 'calls', title: 'calls', kind: 'count' },
      ],
      rows: [{ user_id: `${family} ada`, calls: 3 }],
    },
    {
      id: 'one',
      title: 'One',
      layout: 'facts',
      columns: [{ key: 'user_id', title: 'user', kind: 'text' }],
      rows: [{ user_id: family }],
    },
  ],
  warnings: [`${family} is warned`],
}

test('shows as it is on pages, and escaped on a terminal', async () => {
  const options = { columns: 80, color: false }
  for (const { render } of [html, markdown]) {
    const page = await render(report, options)
    expect(page).toContain(`${family} ada`)
    expect(page).toContain(`${family} is warned`)
    expect(page).not.toContain(String.raw`\u{200d}`)
  }
  const shown = await table.render(report, options)
  expect(shown).not.toContain('\u200D')
  expect(shown.split(String.raw`\u{200d}`)).toHaveLength(9)
})
