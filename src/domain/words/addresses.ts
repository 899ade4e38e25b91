/** Mail addresses, as people type them. */
import { hasControl } from './hidden.js'
import { UserError } from '../../errors.js'

export interface Address {
  readonly name: string
  readonly address: string
}

const form = /^[^\s<>()[\]\\,;:@"]+@(?:[^\s<>()[\]\\,;:@".]+\.)*[^\s<>()[\]\\,;:@".]+$/u

/**
 * `a@b.org` or `Ann Lee <a@b.org>`.
 * @param said what an error calls it: `--to`
 * @throws UserError (usage), also for control characters
 */
export function parseAddress(text: string, said: string): Address {
  const named = /^([^<>]*)<([^<>]*)>$/.exec(text.trim())
  const address = (named?.[2] ?? text).trim()
  const name = (named?.[1] ?? '').trim().replace(/^"(.*)"$/, '$1')
  if (form.test(address) && !hasControl(text)) return { name, address }
  throw new UserError(`${said} ${text} is not a mail address`, {
    code: 'usage',
    hint: 'Write ann@example.org, or "Ann Lee <ann@example.org>".',
  })
}

/** Addresses with commas between them; a name may not hold one. */
export function parseAddresses(texts: readonly string[], said: string): readonly Address[] {
  return texts.flatMap((text) => text.split(',')).map((text) => parseAddress(text, said))
}
