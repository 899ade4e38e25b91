/**
 * `npm run soak`: property tests with seeds that were never tried. Files in turn, each with a new seed, until
 * the time is over; what a run finds becomes an example of the test or a fixture.
 *
 *     npm run soak                       10 minutes
 *     npm run soak -- --minutes 120 ingest prices     that long, of files whose names have one of these words
 *     npm run soak -- --seed 1769727859 ingest-values      one round with that seed
 */
import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const { values, positionals: words } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string' } },
  allowPositionals: true,
})
const minutes = Number(values.minutes)
const oneSeed = values.seed === undefined ? undefined : Number(values.seed)
if (!(minutes > 0) || (oneSeed !== undefined && !Number.isInteger(oneSeed))) {
  console.error('usage: npm run soak -- [--minutes 10] [--seed NUMBER] [word of a file name …]')
  process.exit(2)
}

const files = ['test/property', 'test/unit']
  .flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name))))
  .filter((path) => path.endsWith('.test.ts') && readFileSync(path, 'utf8').includes("from 'fast-check'"))
  .filter((path) => words.length === 0 || words.some((word) => path.includes(word)))
if (files.length === 0) {
  console.error(`no property test has ${words.join(' or ')} in its name`)
  process.exit(2)
}

const ends = Date.now() + minutes * 60_000
const failures: string[] = []
let tried = 0
for (let round = 0; oneSeed === undefined ? Date.now() < ends : round === 0; round++) {
  for (const file of shuffled(files)) {
    if (oneSeed === undefined && Date.now() >= ends) break
    const seed = oneSeed ?? randomInt(2 ** 31)
    tried++
    if (passes(file, seed)) console.log(`passed  seed ${seed}  ${file}`)
    else failures.push(`npm run soak -- --seed ${seed} ${file}`)
  }
}
console.log(
  `${tried} runs of ${files.length} files: ${tried - failures.length} passed, ${failures.length} failed`,
)
if (failures.length > 0) {
  console.log(`again:\n${failures.map((line) => `  ${line}`).join('\n')}`)
  process.exit(1)
}

/** Shows what vitest says only when a test fails; failing properties print all they tried, so it is cut. */
function passes(file: string, seed: number): boolean {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', '--project', 'source', file],
    { encoding: 'utf8', maxBuffer: 2 ** 30, env: { ...process.env, SOAK_SEED: String(seed), NO_COLOR: '1' } },
  )
  if (status === 0) return true
  console.log(`FAILED  seed ${seed}  ${file}`)
  const lines = `${stdout}${stderr}`.split('\n').map((line) => line.slice(0, 400))
  console.log(lines.slice(0, 120).join('\n'))
  return false
}

function shuffled<T>(all: readonly T[]): T[] {
  const mixed = [...all]
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = randomInt(i + 1)
    ;[mixed[i], mixed[j]] = [mixed[j]!, mixed[i]!]
  }
  return mixed
}
