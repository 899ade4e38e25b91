/**
 * A folder for this process's temporary files (spooled logs, DuckDB's spill), removed when the process
 * ends; what a killed process left behind is removed by the next one.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isRunning, removeAtEnd } from './leftovers.js'

const prefix = 'llmcost-'
let folder: string | undefined

/** Path of the folder; made, with access for this user alone, when first asked for. */
export function scratchFolder(): string {
  if (folder !== undefined) return folder
  removeAbandoned()
  // A name that nobody can foresee: in a shared folder another could have made it first.
  folder = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`))
  removeAtEnd(folder)
  return folder
}

function removeAbandoned(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${prefix}(?:spill-)?(\\d+)(?:-\\w+)?$`).exec(name)?.[1]
    if (pid !== undefined && !isRunning(Number(pid))) {
      // Another user's folder, or one that is just being removed, is left alone.
      try {
        rmSync(join(tmpdir(), name), { recursive: true, force: true })
      } catch {}
    }
  }
}
