/** Incidents as what stands out in a trend of cost. */
import type { Incident } from '../../anomalies/build.js'
import { amountText, memberText } from '../../anomalies/wording.js'
import type { Mark } from '../trends/trend.js'

/** One mark an incident: who or what, how much, and what is usual. */
export const incidentMarks = (incidents: readonly Incident[]): Mark[] =>
  incidents.map((incident) => ({
    since: incident.since,
    until: incident.until,
    text: `${memberText(incident.lead)}: ${amountText(incident)}`,
  }))
