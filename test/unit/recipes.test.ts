/** What the pages for contributors name must be there. */
import { existsSync, readFileSync } from 'node:fs'
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
