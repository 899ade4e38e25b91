import type { Entry } from './tree.js'

/** Entries with `tag: {tier: pro}` as `tag.tier: pro`: what is written with a dot elsewhere may be nested. */
export function withTags(entries: readonly Entry[]): readonly Entry[] {
  return entries.flatMap((entry) => {
    if (entry.key !== 'tag') return [entry]
    return entry.value.kind === 'nothing' ? [] : flattened(entry)
  })
}

function flattened({ key, line, value }: Entry): readonly Entry[] {
  if (value.kind !== 'group') return [{ key, line, value }]
  return value.entries.flatMap((entry) => flattened({ ...entry, key: `${key}.${entry.key}` }))
}
