/** What fired now, against the alerts that are open: which begin, which last, which are over. */
import type { FiredRule } from '../../rules/fired.js'
import type { Alert } from './alert.js'

/**
 * Alerts that are open or have just ended, as they are now.
 * @param known open alerts, and the latest of each other key
 * @param at the time of the check, ms
 * @param nextId number of the next alert
 * @param unjudged names of rules of which this check knows nothing: their alerts stay as they are
 */
export function observe(
  known: readonly Alert[],
  fired: readonly FiredRule[],
  at: number,
  nextId: number,
  unjudged: ReadonlySet<string> = new Set(),
): readonly Alert[] {
  const byKey = new Map(fired.map((rule) => [rule.key, rule]))
  const open = known.filter(({ endedAt }) => endedAt === null)
  const seen = open.map((alert): Alert => {
    const rule = byKey.get(alert.rule.key)
    if (rule !== undefined) return { ...alert, rule, seenAt: at }
    return unjudged.has(alert.rule.rule) ? alert : { ...alert, endedAt: at }
  })
  const openKeys = new Set(open.map(({ rule }) => rule.key))
  const begun = [...byKey.values()]
    .filter(({ key }) => !openKeys.has(key))
    .map((rule, i): Alert => {
      return {
        id: nextId + i,
        rule,
        startedAt: at,
        seenAt: at,
        endedAt: null,
        acknowledgedAt: null,
        snoozedUntil: stillSnoozed(known, rule.key, at),
      }
    })
  return [...seen, ...begun]
}

/** A snooze is of the key: it outlasts an alert that ends and begins again. */
function stillSnoozed(known: readonly Alert[], key: string, at: number): number | null {
  const until = known
    .filter(({ rule }) => rule.key === key)
    .map(({ snoozedUntil }) => snoozedUntil ?? 0)
    .reduce((a, b) => Math.max(a, b), 0)
  return until > at ? until : null
}
