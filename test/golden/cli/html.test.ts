/** Answers as pages, byte for byte but for the style sheet, which renderers/style.test.ts has. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { sharedFolder } from '../../e2e/program.js'
import { runWarmWell } from '../../e2e/together.js'
import { unstyledPage } from '../looks.js'

const demo = fileURLToPath(new URL('../../../fixtures/demo', import.meta.url))
const cwd = sharedFolder()

const breakdown = ['breakdown', '--by', 'feature', '--since', '7d']
const askedOf = (args: readonly string[]): string[] => [...args, '--input', demo, '--as-of', 'latest']

test.each([
  ['report', ['report', '--budget', '300']],
  ['breakdown', breakdown],
])('%s', async (name, args) => {
  const page = await runWarmWell([...askedOf(args), '--format', 'html'], { cwd })
  const placed = unstyledPage(page).replaceAll(demo, '~/demo')
  await expect(placed).toMatchFileSnapshot(join(import.meta.dirname, '__files__', `${name}.html`))
  if (args !== breakdown) return
  await runWarmWell([...askedOf(args), '--output', `${name}.html`], { cwd })
  expect(readFileSync(join(cwd, `${name}.html`), 'utf8')).toBe(page)
})
