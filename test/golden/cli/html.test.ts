/** Answers as pages, byte for byte but for the style sheet, which renderers/style.test.ts has. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { runWell, sharedFolder } from '../../e2e/program.js'
import { unstyledPage } from '../looks.js'

const demo = fileURLToPath(new URL('../../../fixtures/demo', import.meta.url))
const cwd = sharedFolder()

test.each([
  ['report', ['report', '--budget', '300']],
  ['breakdown', ['breakdown', '--by', 'feature', '--since', '7d']],
])('%s', async (name, args) => {
  const asked = [...args, '--input', demo, '--as-of', 'latest']
  const page = await runWell([...asked, '--format', 'html'], { cwd })
  const placed = unstyledPage(page).replaceAll(demo, '~/demo')
  await expect(placed).toMatchFileSnapshot(join(import.meta.dirname, '__files__', `${name}.html`))
  await runWell([...asked, '--output', `${name}.html`], { cwd })
  expect(readFileSync(join(cwd, `${name}.html`), 'utf8')).toBe(page)
})
