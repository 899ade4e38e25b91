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

export const spanPattern = String.raw`^\d{1,6}(m|h|d|w)$`

const spanUnits: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/**
 * `30m`, `4h`, `2d` or `1w` in ms.
 * @param said what an error calls it: `remind_every`
 * @throws UserError (usage)
 */
export function spanMs(text: string, said: string): number {
  if (!new RegExp(spanPattern).test(text) || Number.parseInt(text, 10) === 0) {
    throw new UserError(`${said} ${text} is not a length of time`, {
      code: 'usage',
      hint: 'Write 30m, 4h, 2d or 1w.',
    })
  }
  return Number.parseInt(text, 10) * (spanUnits[text.at(-1) ?? ''] ?? 0)
}
