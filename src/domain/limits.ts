/** Sizes of memory, as options and the config file give them. */
import { UserError } from '../errors.js'

export const memoryPattern = String.raw`^\d+(\.\d+)?\s*[KMGTkmgt][Ii]?[Bb]$`

/**
 * A size that DuckDB reads, as it was given.
 * @throws UserError (usage)
 */
export function memorySize(text: string, said: string): string {
  if (new RegExp(memoryPattern).test(text)) return text
  throw new UserError(`${said} ${text} is not a size`, { code: 'usage', hint: 'Write 512MB or 4GB.' })
}
