/** Users over one cap, as one line with the first of them: a cap that is too low has hundreds. */
import { capNames, capPlaces } from '../../domain/budgets/user-caps.js'
import { picos } from '../../domain/costs/amount.js'
import { count } from '../../domain/words/wording.js'
import type { FiredRule } from '../../rules/fired.js'

/** So many users are named. */
const namedUsers = 3

/** What fired, for people: each cap once, where its first user stood. Programs have every user. */
export function foldedCaps(fired: readonly FiredRule[]): readonly FiredRule[] {
  const groups = new Map<string, FiredRule[]>()
  for (const one of fired) groups.set(groupOf(one), [...(groups.get(groupOf(one)) ?? []), one])
  return [...groups.values()].flatMap((group) => (group.length === 1 ? group : [folded(group)]))
}

/** Rules of other kinds stay alone. */
const groupOf = ({ key, rule, kind, details }: FiredRule): string =>
  kind === 'user_caps' ? JSON.stringify([rule, details?.['cap_key'] ?? null]) : key

/** `298 users are over the cap of $3.00 a day: user-31 with $5.70, user-2 with $5.00, ada with $4.10, and 295 more` */
function folded(group: readonly FiredRule[]): FiredRule {
  const sorted = group.toSorted((a, b) => {
    const [x, y] = [picos(a.measured ?? 0), picos(b.measured ?? 0)]
    return x > y ? -1 : x < y ? 1 : 0
  })
  const [worst] = sorted
  if (worst === undefined) throw new Error('no user is over the cap')
  const users = `${count(group.length)} users`
  const limits = new Set(group.map((one) => word(one, 'limit')))
  const cap = capNames.find((name) => name === worst.details?.['cap_key']) ?? 'daily_usd'
  const what =
    limits.size === 1
      ? `the cap of ${word(worst, 'limit')} ${word(worst, 'cap')}`
      : `what they may use in ${capPlaces[cap]}`
  const first = sorted.slice(0, namedUsers).map((one) => {
    const of = limits.size === 1 ? '' : ` of ${word(one, 'limit')}`
    return `${word(one, 'subject')} with ${word(one, 'used')}${of}`
  })
  const more = group.length - first.length
  const rest = more > 0 ? `, and ${count(more)} more` : ''
  return {
    ...worst,
    bound: limits.size === 1 ? worst.bound : null,
    since: group.map(({ since }) => since).reduce((a, b) => (a < b ? a : b)),
    text: `${users} are over ${what}: ${first.join(', ')}${rest}; see llmcost caps`,
    details: { ...worst.details, subject: users, users_over: group.length },
  }
}

function word({ details }: FiredRule, name: string): string {
  const value = details?.[name]
  return typeof value === 'string' ? value : ''
}
