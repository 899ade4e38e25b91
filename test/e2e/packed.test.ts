import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
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
