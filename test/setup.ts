/**
 * Runs once before all tests: builds the program, packs it and installs the tarball in an empty folder, so
 * that end-to-end tests run what a user would install. Nothing of it touches `dist/` or the user's files.
 */
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** The installed program: its bin file, to be run with node. */
    program: string
    /** What npm would install. */
    tarball: string
  }
}

const root = fileURLToPath(new URL('..', import.meta.url))

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>
}

/** A folder in which one test run leaves the program for the next ones: `.ci/run` packs it once. */
const kept = process.env['PACKED_IN']

export default function setup(project: TestProject): () => void {
  const folder = kept ?? mkdtempSync(join(tmpdir(), 'llmcost-packed-'))
  const empty = join(folder, 'empty')
  const stage = join(folder, 'stage')
  if (!existsSync(empty)) install(pack(stage), empty)
  project.provide('tarball', tarballIn(stage))
  project.provide('program', join(empty, 'node_modules', 'llmcost', 'bin', 'llmcost.js'))
  return () => {
    if (kept === undefined) rmSync(folder, { recursive: true, force: true })
  }
}

function tarballIn(stage: string): string {
  const name = readdirSync(stage).find((one) => one.endsWith('.tgz'))
  if (name === undefined) throw new Error('npm pack made no tarball')
  return join(stage, name)
}

/** Builds beside the sources, so that two test runs never share a `dist/`. Answers with the tarball's path. */
function pack(stage: string): string {
  mkdirSync(stage)
  run(join(root, 'node_modules/typescript/bin/tsc'), [
    '-p',
    join(root, 'tsconfig.build.json'),
    '--noCheck', // Types are the build's and the linter's task; a red type must not hide red tests.
    '--outDir',
    join(stage, 'dist'),
  ])
  run(join(root, 'scripts/bundle.js'), [join(stage, 'dist')])
  const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[] }
  for (const name of ['package.json', ...files.filter((file) => file !== 'dist')]) {
    if (existsSync(join(root, name))) cpSync(join(root, name), join(stage, name), { recursive: true })
  }
  const npm = process.env['npm_execpath']
  const args = ['pack', '--ignore-scripts', '--pack-destination', stage]
  if (npm?.endsWith('.js')) run(npm, args, stage)
  else execFileSync('npm', args, { cwd: stage, stdio: ['ignore', 'ignore', 'ignore'] })
  return tarballIn(stage)
}

/**
 * Unpacks the tarball and links the packages of this checkout that a user would get: those that the lock
 * file does not mark as `dev`. A dependency that package.json lacks is missing here too.
 */
function install(tarball: string, empty: string): void {
  const target = join(empty, 'node_modules', 'llmcost')
  mkdirSync(target, { recursive: true })
  execFileSync('tar', ['-xzf', tarball, '-C', target, '--strip-components=1'])
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (!/^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) || entry.dev === true) continue
    if (!existsSync(join(root, path))) continue // binaries for other platforms
    mkdirSync(dirname(join(empty, path)), { recursive: true })
    symlinkSync(join(root, path), join(empty, path), 'junction')
  }
}

const run = (script: string, args: readonly string[], cwd = root): string =>
  execFileSync(process.execPath, [script, ...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
