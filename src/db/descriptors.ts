/** A process that can open nothing any more. */
import { openSync } from 'node:fs'
import { UserError } from '../errors.js'

/** Whoever gets that many has not been limited. */
const tooMany = 4096

/**
 * Uses up the file descriptors that are left, for good: no code in this process, the engine's included, opens a
 * file, a folder or a socket afterwards.
 * @throws UserError when there is no end of them
 */
export function takeAllDescriptors(): void {
  for (let taken = 0; taken < tooMany; taken++) {
    try {
      openSync('/', 'r')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EMFILE') return
      throw error
    }
  }
  throw new UserError('the statement cannot be shut off: this system does not limit the files of a process', {
    hint: 'Ask another command, or --input, which reads logs without a database.',
  })
}
