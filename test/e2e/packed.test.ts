import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { emptyFolder, programPath, run } from './program.js'

test('the package holds the program and what a user reads, and nothing else', () => {
  const names = readdirSync(join(dirname(programPath()), '..')).toSorted()
  expect(names).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'SECURITY.md',
    'bin',
    'data',
    'dist',
    'docs',
    'grafana',
    'man',
    'package.json',
    'schema',
  ])
})

test('the packed program runs in an empty folder', async () => {
  const ran = await run(['--version'], { cwd: emptyFolder() })
  expect(ran).toEqual({ stdout: '0.1.0\n', stderr: '', code: 0, signal: null })
})

test('npm is told of every manual page', () => {
  const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
  const { man } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { man: string[] }
  expect(man).toEqual(
    readdirSync(join(root, 'man'))
      .toSorted()
      .map((name) => `./man/${name}`),
  )
})

test('installed with all it needs, it takes less than 90 MB', () => {
  const modules = join(dirname(programPath()), '../..')
  const bytes = readdirSync(modules).reduce((sum, name) => sum + sizeOf(join(modules, name)), 0)
  expect(bytes).toBeGreaterThan(60e6)
  expect(bytes).toBeLessThan(90e6)
})

/** Bytes of a file, or of all files in a folder; links count as what they point to. */
function sizeOf(path: string): number {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.size
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
}
