/** What other verbs need of trust: `init` gives it to what it wrote, `doctor` tells of it. */
import { utcMinute } from '../domain/words/wording.js'
import { lookAt } from '../config/config.js'
import { trust, trustOf } from '../config/trust.js'
import { UserError } from '../errors.js'
import { knownNames } from './known-names.js'

/**
 * Trusts what `init` wrote.
 * @returns why that failed; undefined when it did not: the file was written, and has nothing that needs trust
 */
export async function trustWritten(path: string, now: Date): Promise<string | undefined> {
  try {
    const { digest } = await lookAt(path, await knownNames())
    await trust(path, digest, now)
    return undefined
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
}

/** For `doctor`: how a config file that was found on the way up stands. */
export async function standingOf(path: string, trustedSince: string | null): Promise<string> {
  if (trustedSince !== null) return `trusted since ${utcMinute(trustedSince)}`
  const { record } = await trustOf(path)
  return record === undefined
    ? 'not trusted, and has nothing that needs it'
    : 'changed since it was trusted, and has nothing that needs it'
}
