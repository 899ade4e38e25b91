/**
 * Lengths of time: as options, arguments and the config file give them, by one grammar, a number and a unit
 * (`500ms`, `30s`, `90m`, `36h`, `14d`, `2w` or `1.5h`), and as people read them. A day is 24 hours.
 */
import { grouped, inWords, msScale } from '../words/wording.js'
import { UserError } from '../../errors.js'

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const
export type DurationUnit = keyof typeof unitMs

export interface Duration {
  readonly size: number
  readonly unit: DurationUnit
  readonly ms: number
}

const number = String.raw`\d{1,9}(\.\d{1,6})?`

/** For the schema of the config file. */
export const durationPattern = String.raw`^${number} ?(ms|s|m|h|d|w)$`
const form = new RegExp(String.raw`^(${number}) ?(ms|s|m|h|d|w)$`)

/** The same for whole hours. */
export const hoursPattern = String.raw`^\d{1,4} ?[hdw]$`

/** Undefined for anything else; sizes of 0 are read. Letters are small. */
export function readDuration(text: string): Duration | undefined {
  const match = form.exec(text)
  if (match === null) return undefined
  const size = Number(match[1])
  const unit = match[3] as DurationUnit
  // Fractions of a millisecond are noise of the multiplication.
  return { size, unit, ms: Math.round(size * unitMs[unit]) }
}

/** What an error says to write. */
const durationHint = 'Write a number and ms, s, m, h, d or w: 500ms, 30s, 90m, 36h, 14d, 2w.'

/**
 * An option's or an argument's length of time above 0, in ms.
 * @param said what an error calls it: `--gap`
 * @throws UserError (usage)
 */
export function durationOf(text: string, said: string): number {
  const found = readDuration(text.trim().toLowerCase())
  if (found !== undefined && found.ms > 0) return found.ms
  throw notADuration(text, said)
}

/**
 * The same where 0 is a length too, and a number alone is seconds: a time to wait, in ms.
 * @throws UserError (usage)
 */
export function waitOf(text: string, said: string): number {
  const typed = text.trim().toLowerCase()
  const found = readDuration(/[a-z]$/.test(typed) ? typed : `${typed}s`)
  if (found === undefined) throw notADuration(text, said)
  return found.ms
}

/** For the schema: seconds may do without a unit. */
export const waitPattern = String.raw`^${number}( ?(ms|s|m|h|d|w))?$`

const notADuration = (text: string, said: string): UserError =>
  new UserError(`${said} ${text} is not a length of time`, { code: 'usage', hint: durationHint })

/** The two largest units of a span of time: `850 ms`, `12.4 s`, `2 min 5 s`, `3 d 4 h`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 59_950)
    return inWords(milliseconds, msScale([Math.max(milliseconds, 0)])).replace('.0 s', ' s')
  const seconds = Math.round(milliseconds / 1000)
  const spans = [
    [86_400, 3600, 'd', 'h'],
    [3600, 60, 'h', 'min'],
    [60, 1, 'min', 's'],
  ] as const
  const [large, small, name, minor] = spans.find(([size]) => seconds >= size) ?? spans[2]
  const rest = Math.floor((seconds % large) / small)
  return `${grouped(String(Math.floor(seconds / large)))} ${name}${rest > 0 ? ` ${rest} ${minor}` : ''}`
}

/** The same with a digit more of few seconds: `850 ms`, `3.3 s`, `12.4 s`, `2 min 5 s`. */
export const timeText = (ms: number): string =>
  ms >= 1000 && ms < 10_000
    ? inWords(ms, { places: 1, power: -3, suffix: ' s' }).replace('.0 s', ' s')
    : duration(ms)
