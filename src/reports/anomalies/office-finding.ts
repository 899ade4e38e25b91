/** Tells that days seem to be cut in the wrong zone. */
import type { OfficeHours } from '../../anomalies/office-hours.js'
import { percent } from '../../domain/words/wording.js'
import { localAt, hourMs } from '../../domain/time/zones.js'
import type { Finding } from '../report.js'

/** `UTC+9`, `UTC−5`, `UTC` */
const utcText = (hours: number): string =>
  hours === 0 ? 'UTC' : `UTC${hours > 0 ? '+' : '−'}${Math.abs(hours)}`

/** The zone of a fixed offset, whose sign is turned round by convention. */
const fixedZone = (hours: number): string =>
  hours === 0 ? 'UTC' : `Etc/GMT${hours > 0 ? '-' : '+'}${Math.abs(hours)}`

/**
 * @param tz in which the days were cut
 * @param at an instant of the window, since offsets change over the year
 */
export function officeFinding({ shift, share, shareHere }: OfficeHours, tz: string, at: number): Finding {
  const here = (localAt(at, tz) - at) / hourMs
  const sum = Math.round(here + shift)
  const offset = sum > 14 ? sum - 24 : sum < -12 ? sum + 24 : sum
  return {
    kind: 'office_hours_elsewhere',
    severity: 'info',
    dimension: null,
    value: null,
    measured: share,
    bound: shareHere,
    text: `the calls look like office hours at about ${utcText(offset)}: ${percent(share)} of them fall between 08:00 and 18:00 from Monday to Friday there, ${percent(shareHere)} by the clocks of ${tz}; if the office is there, name its zone, such as --tz ${fixedZone(offset)}`,
    details: { utc_offset_hours: offset, office_share: share, office_share_here: shareHere },
  }
}
