/**
 * `npm run soak`: attacks in full, then property tests, with seeds that were never tried. The attacks once; the
 * others in turn, each with a new seed, until the time is over. What a run finds becomes an example of the
 * test or a fixture.
 *
 *     npm run soak                       the attacks, and 10 minutes of properties
 *     npm run soak -- attack statements  the attacks alone; -- kills, writers, fuzz … some of them
 *     npm run soak -- --size small attack             as `npm test` tries them, with a new seed
 *     npm run soak -- --minutes 120 ingest prices     that long, of files whose names have one of these words
 *     npm run soak -- --seed 1769727859 ingest-values      one round with that seed
 */
import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const { values, positionals: words } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string' },
    size: { type: 'string', default: 'full' },
  },
  allowPositionals: true,
})
const minutes = Number(values.minutes)
const oneSeed = values.seed === undefined ? undefined : Number(values.seed)
const sizes = ['small', 'full']
if (!(minutes > 0) || (oneSeed !== undefined && !Number.isInteger(oneSeed)) || !sizes.includes(values.size)) {
  console.error(
    'usage: npm run soak -- [--minutes 10] [--seed NUMBER] [--size small|full] [word of a file name …]',
  )
  process.exit(2)
}

const testsIn = (...folders: readonly string[]): string[] =>
  folders
    .flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name))))
    .filter((path) => path.endsWith('.test.ts'))
    .filter((path) => words.length === 0 || words.some((word) => path.includes(word)))

const attacks = testsIn('test/attack')
// Statements of SQL are an attack, though they need no installed program.
const [statements, properties] = parted(
  testsIn('test/property', 'test/unit').filter((path) =>
    /from '(?:fast-check|.*\/seed\.js)'/.test(readFileSync(path, 'utf8')),
  ),
  (path) => path.endsWith('property/statements.test.ts'),
)
const files = [...attacks, ...statements, ...properties]
if (files.length === 0) {
  console.error(`no property test and no attack has ${words.join(' or ')} in its name`)
  process.exit(2)
}

const failures: string[] = []
let tried = 0
for (const file of attacks) attempt(file, 'packed')
for (const file of statements) attempt(file, 'source')
const ends = Date.now() + minutes * 60_000
const goesOn = (round: number): boolean => (oneSeed === undefined ? Date.now() < ends : round === 0)
for (let round = 0; properties.length > 0 && goesOn(round); round++)
  for (const file of shuffled(properties)) if (goesOn(round)) attempt(file, 'source')
console.log(
  `${tried} runs of ${files.length} files: ${tried - failures.length} passed, ${failures.length} failed`,
)
if (failures.length > 0) {
  console.log(`again:\n${failures.map((line) => `  ${line}`).join('\n')}`)
  process.exit(1)
}

function attempt(file: string, project: string): void {
  const seed = oneSeed ?? randomInt(2 ** 31)
  tried++
  const began = Date.now()
  const passed = passes(file, project, seed)
  const took = `${Math.round((Date.now() - began) / 1000)} s`
  if (passed) console.log(`passed  seed ${seed}  ${file}  ${took}`)
  else
    failures.push(
      `npm run soak -- --seed ${seed}${values.size === 'full' ? '' : ` --size ${values.size}`} ${file}`,
    )
}

/** Shows what vitest says only when a test fails; failing properties print all they tried, so it is cut. */
function passes(file: string, project: string, seed: number): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'llmcost-soak-'))
  const figures = join(folder, 'figures')
  writeFileSync(figures, '')
  try {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['node_modules/vitest/vitest.mjs', 'run', '--project', project, file],
      {
        encoding: 'utf8',
        maxBuffer: 2 ** 30,
        env: {
          ...process.env,
          SOAK_SEED: String(seed),
          SOAK_ATTACK: values.size,
          SOAK_FIGURES: figures,
          NO_COLOR: '1',
        },
      },
    )
    process.stdout.write(readFileSync(figures, 'utf8').replaceAll(/^(?=.)/gm, '        '))
    if (status === 0) return true
    console.log(`FAILED  seed ${seed}  ${file}`)
    const lines = `${stdout}${stderr}`.split('\n').map((line) => line.slice(0, 400))
    console.log(lines.slice(0, 120).join('\n'))
    return false
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function parted<T>(all: readonly T[], is: (one: T) => boolean): [T[], T[]] {
  return [all.filter((one) => is(one)), all.filter((one) => !is(one))]
}

function shuffled<T>(all: readonly T[]): T[] {
  const mixed = [...all]
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = randomInt(i + 1)
    ;[mixed[i], mixed[j]] = [mixed[j]!, mixed[i]!]
  }
  return mixed
}
