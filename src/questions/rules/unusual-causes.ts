/** Who or what explains most of an unusual hour, for the message of an alert. */
import { driversOf } from '../../anomalies/build.js'
import { driverText } from '../../anomalies/wording.js'
import { picos } from '../../domain/costs/amount.js'
import { dimensionOf, type Dimension } from '../../domain/dimensions.js'
import type { Scope } from '../../domain/scope.js'
import { hourIso, hourStart } from '../../domain/time/hours.js'
import type { FlagRow } from '../../metrics/anomalies/flags.js'
import { incidentParts, type IncidentSpan } from '../../metrics/anomalies/incident-parts.js'
import { driverNames, driversShown } from '../anomalies/anomalies.js'
import { ask, type Question } from '../question.js'

/** Hours whose causes are asked for, the youngest: a message a subject is the rule, and the past need not be told. */
const mostAsked = 50

/** `user ada explains $14.20 (94%)` by flag; empty where nobody explains a twentieth. */
export async function askCauses(
  { db }: Question,
  flags: readonly FlagRow[],
  { scope, by, historyDays }: { scope: Scope; by: readonly Dimension[]; historyDays: number },
): Promise<ReadonlyMap<FlagRow, string>> {
  const asked = flags.toSorted((a, b) => Number(b.hour) - Number(a.hour)).slice(0, mostAsked)
  if (asked.length === 0) return new Map()
  const spans = asked.map((flag, id) => spanOf(flag, id, historyDays))
  const iso = (hour: number): string => hourIso(hourStart(hour, scope.tz))
  const request = {
    scope,
    since: iso(Math.min(...spans.map((span) => span.past_since_hour))),
    until: iso(Math.max(...spans.map((span) => span.until_hour))),
    by,
    drivers: driverNames.map(dimensionOf),
    top: driversShown,
  }
  const rows = await ask(db, incidentParts(request, spans))
  return new Map(
    asked.map((flag, id) => {
      const own = rows.filter((row) => row.id === id)
      const [cost, norm] = [picos(flag.cost_usd), picos(flag.norm_usd)]
      const self = { dimension: by[flag.family - 1]?.key ?? null, value: flag.value }
      const whole = own.find(({ driver }) => driver === 0)
      const excess = cost - norm
      return [
        flag,
        driverText({ drivers: driversOf({ norm, excess }, whole, own, self, driverNames), excess }),
      ]
    }),
  )
}

function spanOf(flag: FlagRow, id: number, historyDays: number): IncidentSpan {
  const { family, value, norm_usd, span_hours: length } = flag
  const hour = Number(flag.hour)
  const pastUntil = Math.floor((hour - length + 1) / 24) * 24
  const known = Number(flag.history_hours) - (Math.floor(hour / 24) * 24 - pastUntil)
  return {
    id,
    family,
    value,
    since_hour: hour - length + 1,
    until_hour: hour + 1,
    past_since_hour: pastUntil - Math.max(24, Math.min(known, historyDays * 24)),
    past_until_hour: pastUntil,
    norm_usd,
  }
}
