/** What the pages for contributors name must be there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')

test.each(['CONTRIBUTING.md', 'docs/architecture.md', 'docs/testing.md'])(
  'each path that %s names',
  (page) => {
    const text = readFileSync(join(root, page), 'utf8')
    const named = [...text.matchAll(/`((?:src|test|scripts|fixtures|docs|data|schema)\/[\w./-]*)`/g)]
    expect(named.length).toBeGreaterThan(0)
    const paths = new Set(named.flatMap(([, path]) => path ?? []))
    expect([...paths].filter((path) => !existsSync(join(root, path)))).toEqual([])
  },
)

test('each folder of src says what it is for in one file, which docs/architecture.md names', () => {
  const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8')
  const src = join(root, 'src')
  const folders = readdirSync(src, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  for (const { name } of folders) {
    const files = readdirSync(join(src, name), { recursive: true, encoding: 'utf8' })
    const telling = files.filter(
      (file) =>
        file.endsWith('.ts') &&
        new RegExp(`^/\\*\\*\\n \\* ${name}: `).test(readFileSync(join(src, name, file), 'utf8')),
    )
    expect(telling, name).toHaveLength(1)
    expect(page).toContain(`\`${name}/${telling[0]}\``)
  }
})
