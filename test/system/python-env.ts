/** Python with packages of exact versions, for tests that let other makers' own software write logs. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

/** Fetches many packages at once; pip takes seven times as long. */
const installer = 'uv==0.13.9'

/** What installers say when no index of packages answers; a version that an index lacks they tell otherwise. */
const unreachable = /Retrying \(Retry[^]*\(from versions: none\)|error sending request|are you offline/

/**
 * The path of a Python that has these packages and no others, made once for all runs; undefined, and why on
 * stderr, where the system cannot make one or no index of packages answers. To be awaited at the top of a test
 * file, whose `describe.skipIf` then skips.
 * @param requirements All packages, those that others need included, each as `name==version`: nothing is
 *   looked for beyond them, which would take longer than the rest and find other versions another day.
 */
export async function pythonWith(requirements: readonly string[]): Promise<string | undefined> {
  const loose = requirements.filter((one) => !/^[A-Za-z0-9._-]+(?:\[[a-z0-9,_-]+\])?==[A-Za-z0-9.+!]+$/.test(one)) // prettier-ignore
  if (loose.length > 0) throw new Error(`no exact version: ${loose.join(', ')}`)
  if (process.platform === 'win32') return missing('its Python keeps its programs elsewhere')
  try {
    await python(['-c', 'import ensurepip, venv'])
  } catch {
    return missing('python3 or its venv (the package python3-venv) is not installed')
  }
  try {
    return await made(requirements, async (folder) => {
      const uv = await made([installer], (own) => python(['-m', 'venv', own]).then(() => pip(own)))
      await python(['-m', 'venv', '--without-pip', folder])
      const target = ['--python', programOf(folder)]
      // Of a package that would run code to be built, there is no trying.
      await run(uv, ['-m', 'uv', 'pip', 'install', '--quiet', '--cache-dir', join(ownFolder(), 'cache'), '--no-deps', '--no-build', ...target, ...requirements]) // prettier-ignore
    })
  } catch (error) {
    const { stderr } = error as { stderr?: string }
    if (unreachable.test(stderr ?? '')) return missing('no index of Python packages answers')
    throw error
  }
}

function missing(why: string): undefined {
  console.warn(`skipped: ${why}`)
}

const programOf = (folder: string): string => join(folder, 'bin', 'python')

/** The folder of these packages, filled by `fill` unless an earlier run did so to the end. */
async function made(
  requirements: readonly string[],
  fill: (folder: string) => Promise<unknown>,
): Promise<string> {
  const home = ownFolder()
  const key = createHash('sha256').update(JSON.stringify([await version(), requirements.toSorted()])).digest('hex').slice(0, 16) // prettier-ignore
  const folder = join(home, key)
  if (existsSync(folder)) return programOf(folder)
  // Another run may make the same one now: each makes its own, and the first puts it in its place.
  const fresh = mkdtempSync(join(home, 'new-'))
  try {
    await fill(fresh)
    renameSync(fresh, folder)
  } catch (error) {
    if (!existsSync(folder)) throw error
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
  return programOf(folder)
}

/** What is in it runs: it must be nobody else's. */
function ownFolder(): string {
  const { uid } = userInfo()
  const folder = join(tmpdir(), `llmcost-python-${uid}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (statSync(folder).uid !== uid) throw new Error(`${folder} is somebody else's`)
  return folder
}

const version = (): Promise<string> => python(['-c', 'import sys; print(sys.version, sys.base_prefix)'])

const pip = (folder: string): Promise<string> =>
  run(programOf(folder), ['-m', 'pip', 'install', '--quiet', '--no-cache-dir', '--no-compile', '--disable-pip-version-check', '--retries', '1', installer]) // prettier-ignore

const python = (args: readonly string[]): Promise<string> => run('python3', args)

function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { timeout: 240_000, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(Object.assign(error, { stderr }))
    })
  })
}
