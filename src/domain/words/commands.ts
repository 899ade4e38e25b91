/** Commands that answers tell to type next. */
import { localAt } from '../time/zones.js'

/**
 * A command of a hint as it is to be typed: with the options that name the same calls as those of the question. It
 * would ask another database else.
 */
export type Typed = (command: string) => string

/** A window as options: ` --since 2026-09-22 --until 2026-09-28T11:00Z`, dates where they are midnights in `tz`. */
export function spanOptions(
  { since, until }: { readonly since: string | null; readonly until: string | null },
  tz: string,
): string {
  const option = (name: string, iso: string | null): string =>
    iso === null ? '' : ` --${name} ${momentText(iso, tz)}`
  return option('since', since) + option('until', until)
}

function momentText(iso: string, tz: string): string {
  const local = new Date(localAt(Date.parse(iso), tz)).toISOString()
  if (local.endsWith('T00:00:00.000Z')) return local.slice(0, 10)
  return new Date(iso).toISOString().replace(/(?::00)?(?:\.000)?Z$/, 'Z')
}
