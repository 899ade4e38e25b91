/** The style sheets that every page and every mail has; other golden files leave them out. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { style } from '../../../src/renderers/html/style.js'
import { sheet } from '../../../src/renderers/mail/style.js'

test.each([
  ['page', style],
  ['mail', sheet],
])('of a %s', async (name, { text }) => {
  await expect(text).toMatchFileSnapshot(join(import.meta.dirname, '__files__', `${name}.css`))
})
