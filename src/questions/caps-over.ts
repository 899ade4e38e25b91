/** Who is at a cap of the running hour, day or month, and until when: what a gateway turns away. */
import type { CapLimits } from '../domain/budgets/cap-limits.js'
import { capAmount, capWords } from '../domain/budgets/user-caps.js'
import { picos, shortUsdOf } from '../domain/costs/amount.js'
import { dayOf, monthOf } from '../domain/time/calendar.js'
import { dayMs, hourMs, instantOf, localAt } from '../domain/time/zones.js'
import { namedWords } from '../domain/words/subjects.js'
import { capsNow } from '../metrics/budgets/caps-now.js'
import type { UserOver } from '../reports/budgets/caps-over.js'
import { subjectKey } from '../rules/held.js'
import { ask, type Question } from './question.js'

/** The most excess first. */
export async function askCapsOver(
  { db, scope, asOf, settings }: Question,
  limits: CapLimits,
): Promise<readonly UserOver[]> {
  const spans = runningSpans(asOf, scope.tz)
  const read = { ...scope, since: new Date(spans.month.since).toISOString(), until: asOf.toISOString() }
  const rows = await ask(db, capsNow({ scope: read, asOf, limits }))
  const rule = settings.config.rules.find(({ kind }) => kind === 'user_caps')
  const name = rule?.name ?? 'user_caps'
  return rows.map(({ cap, user_id: value, used, limit_value, calls }) => {
    const { since, until } = spans[cap === 'hourly_usd' ? 'hour' : cap === 'daily_usd' ? 'day' : 'month']
    const details = {
      cap: capWords[cap],
      used: capAmount(cap, used),
      limit: capAmount(cap, limit_value),
      cap_key: cap,
    }
    return {
      key: subjectKey(name, { dimension: 'user_id', value, part: cap }),
      rule: name,
      kind: 'user_caps',
      severity: rule?.severity ?? 'warning',
      dimension: 'user_id',
      value,
      measured: shortUsdOf(picos(used)),
      bound: shortUsdOf(picos(limit_value)),
      since: new Date(since).toISOString(),
      until: new Date(until).toISOString(),
      text: `${namedWords('user_id', value)} used ${details.used} of ${details.limit} ${details.cap}`,
      details,
      calls,
    }
  })
}

interface Ends {
  readonly since: number
  readonly until: number
}

/** The clock hour, the day and the month of the zone at a moment, ms. */
export function runningSpans(asOf: Date, tz: string): Readonly<Record<'hour' | 'day' | 'month', Ends>> {
  const local = localAt(asOf.getTime(), tz)
  const gone = ((local % hourMs) + hourMs) % hourMs
  const day = dayOf(local)
  return {
    hour: { since: asOf.getTime() - gone, until: asOf.getTime() - gone + hourMs },
    day: { since: instantOf(day, tz), until: instantOf(day + dayMs, tz) },
    month: { since: instantOf(monthOf(local), tz), until: instantOf(monthOf(local, 1), tz) },
  }
}
