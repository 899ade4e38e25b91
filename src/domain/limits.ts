/** Lengths of time and sizes of memory, as options and the config file give them. */
import { UserError } from '../errors.js'

export const durationPattern = String.raw`^\d+(\.\d+)?(ms|s|m|h)?$`
export const memoryPattern = String.raw`^\d+(\.\d+)?\s*[KMGTkmgt][Ii]?[Bb]$`

const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/**
 * `30s`, `5m`, `250ms` or `30` (seconds) in ms.
 * @param said what an error calls it: `--lock-timeout`
 * @throws UserError (usage)
 */
export function durationMs(text: string, said: string): number {
  if (!new RegExp(durationPattern).test(text)) {
    throw new UserError(`${said} ${text} is not a length of time`, {
      code: 'usage',
      hint: 'Write 30s, 5m or 250ms.',
    })
  }
  const unit = /[a-z]+$/.exec(text)?.[0]
  return Number.parseFloat(text) * (durationUnits[unit ?? 's'] ?? 1000)
}

/**
 * A size that DuckDB reads, as it was given.
 * @throws UserError (usage)
 */
export function memorySize(text: string, said: string): string {
  if (new RegExp(memoryPattern).test(text)) return text
  throw new UserError(`${said} ${text} is not a size`, { code: 'usage', hint: 'Write 512MB or 4GB.' })
}
