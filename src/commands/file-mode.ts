import { UserError } from '../errors.js'
import type { Invocation } from './command.js'

/**
 * The permissions that `--mode` gives, such as 0o640; undefined without it.
 * @throws UserError (usage) for what is no mode, or one under which the owner could not read and write
 */
export function fileMode(invocation: Invocation): number | undefined {
  const text = invocation.options['mode']
  if (typeof text !== 'string') return undefined
  const mode = /^0?[0-7]{3}$/.test(text) ? Number.parseInt(text, 8) : 0
  // Neither calls nor a database run as a program; the owner writes them again.
  if ((mode & 0o600) === 0o600 && (mode & 0o111) === 0) return mode
  throw new UserError(`--mode ${text} is no mode of a file`, {
    code: 'usage',
    hint: 'Write 0600 (you alone), 0640 (your group reads it), 0660 or 0644.',
  })
}
