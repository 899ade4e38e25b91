/**
 * Which calls a question is about: a window of time and filters on dimensions.
 */

/** Half-open window [since, until), ISO 8601 UTC; null is open. */
export interface Window {
  readonly since: string | null
  readonly until: string | null
}

export interface Filter {
  /** Column of `calls`, or `tag.<name>`. */
  readonly dimension: string
  readonly operator: '=' | '!=' | '~'
  readonly value: string
}

export interface Scope extends Window {
  readonly filters: readonly Filter[]
  /** IANA zone in which days begin and buckets are cut. */
  readonly tz: string
}
