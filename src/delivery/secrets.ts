/** Secrets: from the environment alone, handed to those that use them, and taken out of whatever is said. */
import { withoutHidden } from '../domain/words/hidden.js'

export type Environment = Readonly<Record<string, string | undefined>>

/** What a channel needs is not in the environment, or is of no use; the message names the variable alone. */
export class MissingSecret extends Error {}

export class Secrets {
  readonly #env: Environment
  /** All that were handed out, and the parts of URLs that tell the same. */
  readonly #known = new Set<string>()

  constructor(env: Environment) {
    this.#env = env
  }

  /** @throws MissingSecret when the variable is empty or absent */
  text(variable: string): string {
    const value = this.optional(variable)
    if (value === undefined) throw new MissingSecret(`the environment variable ${variable} is not set`)
    return value
  }

  optional(variable: string): string | undefined {
    const value = this.#env[variable]?.trim()
    if (value === undefined || value === '') return undefined
    this.#hide(value)
    return value
  }

  /**
   * A URL; its path and query are as secret as the rest of it.
   * @throws MissingSecret
   */
  url(variable: string, allowed: (url: URL) => string | undefined): URL {
    const text = this.text(variable)
    if (!URL.canParse(text)) throw new MissingSecret(`the environment variable ${variable} holds no URL`)
    const url = new URL(text)
    const objection = allowed(url)
    if (objection !== undefined)
      throw new MissingSecret(`the URL in the environment variable ${variable} ${objection}`)
    return this.hideUrl(url)
  }

  hideUrl(url: URL): URL {
    const { href, username, password, search } = url
    const parts = [href, username, password, search, ...url.searchParams.values(), ...url.pathname.split('/')]
    for (const part of parts) {
      this.#hide(part)
      this.#hide(decoded(part))
    }
    return url
  }

  /** What a stranger said, without what it may tell of us: short, printable, without anything like a key. */
  clean(text: string): string {
    let out = text
    for (const secret of [...this.#known].toSorted((a, b) => b.length - a.length))
      out = out.replaceAll(secret, '…')
    return withoutHidden(out.replaceAll(/[^\s"'<>,;:()]{20,}/g, '…'))
      .replaceAll(/\s+/g, ' ')
      .trim()
      .slice(0, 200)
  }

  /** Short parts of a path are words, not keys: hiding them would blank out the message. */
  #hide(value: string): void {
    if (value.length >= 6) this.#known.add(value)
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
