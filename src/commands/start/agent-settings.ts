/** Settings of a coding agent, which are somebody else's: one value goes in, a copy is kept, all else stays. */
import {
  chmodSync,
  lstatSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { isUtf8 } from 'node:buffer'
import { basename, dirname, join, sep } from 'node:path'
import { withMember } from '../../config/json.js'
import { asUserAllows } from '../../machine/umask.js'
import { lineSetting, type LineAgent } from '../../statusline/agents.js'

/** No settings are larger. */
const mostBytes = 5_000_000

/** Settings that are left as they are. */
export class Refused extends Error {}

/**
 * Writes what an agent is to run into its settings.
 * @returns the copy of what was there; undefined where nothing was; `ours` where nothing is to be done
 * @throws Refused, SyntaxProblem, and what the system says
 */
export function writeLine(folder: string, agent: LineAgent, command: string): string | undefined {
  const path = join(folder, agent.file)
  const setting = lineSetting(command)
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) {
    asUserAllows(() => writeFileSync(path, `${made('{}', agent, setting)}\n`, { flag: 'wx' }))
    return undefined
  }
  const target = targetOf(path, folder)
  const bytes = readFileSync(target)
  if (!isUtf8(bytes)) throw new Refused('it is not UTF-8 text')
  const text = bytes.toString('utf8')
  const mark = text.startsWith('\uFEFF') ? '\uFEFF' : ''
  const next = made(text.slice(mark.length), agent, setting)
  if (next === undefined) return 'ours'
  const { mode } = statSync(target)
  const backup = backupOf(target, bytes, mode)
  replace(target, bytes, mark + next, mode)
  return backup
}

/** The text with the setting; undefined where it is there. @throws Refused where there is another */
function made(
  text: string,
  { keys }: LineAgent,
  setting: Readonly<Record<string, string>>,
): string | undefined {
  const result = withMember(text, keys, setting)
  if ('text' in result) return result.text
  if (/\bllmcost\b[^"]* statusline\b/.test(result.there)) return undefined
  throw new Refused(
    `it has ${keys.join('.')} of its own: take that away first, or have its command run llmcost statusline`,
  )
}

/** The file that is meant. @throws Refused for what is no file, and for one that lies elsewhere */
function targetOf(path: string, folder: string): string {
  const target = realpathSync(path)
  if (!target.startsWith(realpathSync(folder) + sep))
    throw new Refused(`it is a link to ${target}: write it there yourself`)
  const stat = statSync(target)
  if (!stat.isFile()) throw new Refused('it is no file')
  if (stat.size > mostBytes) throw new Refused('it is too large for settings')
  return target
}

/** A copy under a name that is free, for whom the file itself is for. */
function backupOf(target: string, bytes: Buffer, mode: number): string {
  for (let n = 1; n < 100; n++) {
    const backup = `${target}.before-llmcost${n === 1 ? '' : `-${n}`}`
    if (lstatSync(backup, { throwIfNoEntry: false }) !== undefined) continue
    writeAs(backup, bytes, mode)
    return backup
  }
  throw new Refused('there are 99 copies of it already')
}

/** A new file for whom another is for, whatever the umask; never readable by more meanwhile. */
function writeAs(path: string, content: string | Buffer, mode: number): void {
  writeFileSync(path, content, { flag: 'wx', mode: 0o600 })
  chmodSync(path, mode & 0o777)
}

/** Puts it in its place whole, unless somebody else changed it meanwhile. */
function replace(target: string, before: Buffer, text: string, mode: number): void {
  const making = join(dirname(target), `.${basename(target)}.llmcost-${process.pid}`)
  try {
    writeAs(making, text, mode)
    if (!readFileSync(target).equals(before)) throw new Refused('it was changed just now: try again')
    renameSync(making, target)
  } catch (error) {
    rmSync(making, { force: true })
    throw error
  }
}
