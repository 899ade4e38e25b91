/** Sets of caps side by side, as `--cap-set` gives them: `tight: hourly_usd=1 daily_usd=5 tier.pro.daily_usd=20`. */
import { UserError } from '../../errors.js'
import type { CapRules } from './budget.js'
import { mergedCaps, parseCap } from './user-caps.js'

/** Caps under a name. */
export interface CapSet {
  readonly name: string
  readonly rules: CapRules
}

/** @throws UserError (usage) for a set without caps, or two of one name */
export function parseCapSets(texts: readonly string[]): readonly CapSet[] {
  const sets = texts.map(parseCapSet)
  const twice = sets.find(({ name }, i) => sets.findIndex((set) => set.name === name) < i)
  if (twice === undefined) return sets
  throw new UserError(`two sets of caps are named ${twice.name}`, {
    code: 'usage',
    hint: "Name them: --cap-set 'tight: daily_usd=5'.",
  })
}

function parseCapSet(text: string): CapSet {
  const [, name, rest = ''] = /^(?:\s*([^=:]*[^=:\s])\s*:\s)?(.*)$/s.exec(text) ?? []
  const parts = rest.split(/\s+/).filter((part) => part !== '')
  if (parts.length === 0) {
    throw new UserError(`--cap-set ${text} has no cap`, {
      code: 'usage',
      hint: "For example --cap-set 'tight: hourly_usd=1 daily_usd=5'.",
    })
  }
  const rules = parts.map((part) => parseCap(part, `--cap-set ${part}`)).reduce(mergedCaps, {})
  return { name: name ?? parts.join(' '), rules }
}
