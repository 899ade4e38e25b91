/** An incident in the words of a person: what, how much above normal, why, and what to do next. */
import { shortUsdOf, type Picos } from '../domain/costs/amount.js'
import { plural } from '../domain/words/plurals.js'
import { namedWords } from '../domain/words/subjects.js'
import { count, number, percent, usd, roundUsd } from '../domain/words/wording.js'
import { hourMs, minuteText } from '../domain/time/zones.js'
import { chanceText } from './chance-words.js'
import type { Driver, Incident, Member } from './build.js'
import type { SessionEvidence } from './incidents.js'
import { spanOptions, type Typed } from '../domain/words/commands.js'
import { shellWord } from '../domain/words/quoting.js'

const minute = (instant: string, tz: string): string => minuteText(Date.parse(instant), tz)

/** `2026-09-22 09:00 – 09-27 11:00`, `2026-09-22 09:00 – 10:00`. */
function timeText({ since, until }: Pick<Incident, 'since' | 'until'>, tz: string): string {
  const [from, to] = [minute(since, tz), minute(until, tz)]
  if (from.slice(0, 10) === to.slice(0, 10)) return `${from} – ${to.slice(11)}`
  return `${from} – ${from.slice(0, 4) === to.slice(0, 4) ? to.slice(5) : to}`
}

/** `user-31`, `feature search`, `user (none)`, `all calls`. */
export function memberText({ dimension, value }: Member): string {
  return dimension === null ? 'all calls' : namedWords(dimension, value ?? '(none)')
}

/** Others that say the same, beside the one that leads. */
function othersText({ lead, series }: Incident): string {
  const others = series.filter(({ dimension, value }) => dimension !== lead.dimension || value !== lead.value)
  const shown = others.toSorted((a, b) => (b.excess > a.excess ? 1 : -1)).slice(0, 3)
  if (shown.length === 0) return ''
  const more = others.length - shown.length
  return ` (also ${shown.map(memberText).join(', ')}${more > 0 ? ` and ${more} more` : ''})`
}

const money = (amount: Picos): string => usd(shortUsdOf(amount < 0n ? -amount : amount))

/** `$65.10, 12 × the usual $5.30`. */
export function amountText({
  cost,
  norm,
  timesNormal,
  kinds,
}: Pick<Incident, 'cost' | 'norm' | 'timesNormal' | 'kinds'>): string {
  if (kinds.every((kind) => kind === 'drift')) {
    return `${money(cost)} in 7 days against ${money(norm)} three weeks before, more each week`
  }
  if (timesNormal === null) return `${money(cost)}, where nothing is usual`
  if (timesNormal < 1) return `${money(cost)} instead of the usual ${money(norm)}`
  // Hundreds of times next to nothing is no figure: the norm itself says more.
  if (timesNormal >= 100) return `${money(cost)}, where ${money(norm)} is usual`
  return `${money(cost)}, ${Number(timesNormal.toPrecision(timesNormal < 10 ? 2 : 3))} × the usual ${money(norm)}`
}

/** `user-31 explains $62.10 (94%)`, the strongest of each dimension; never more than there is. */
export function driverText({ drivers, excess }: Pick<Incident, 'drivers' | 'excess'>): string {
  const first = new Map<string | null, Driver>()
  for (const driver of drivers) if (!first.has(driver.dimension)) first.set(driver.dimension, driver)
  return [...first.values()]
    .map((one) => {
      const explained = money(one.share > 1 ? excess : one.excess)
      return `${memberText(one)} explains ${explained} (${percent(Math.min(one.share, 1))})`
    })
    .join(', ')
}

/** How the excess parts into calls, tokens a call and cost a token: `calls +$29.28, tokens a call +$26.87`. */
export function movedText({ parts }: Pick<Incident, 'parts'>): string {
  const { volume, size, price } = parts
  const named: (readonly [string, Picos])[] = [
    ['calls', volume],
    ...(size === null ? [] : [['tokens a call', size] as const]),
    [size === null ? 'cost a call' : 'cost a token', price],
  ]
  return named
    .filter(([, part]) => part !== 0n)
    .map(([name, part]) => `${name} ${part < 0n ? '-' : '+'}${money(part)}`)
    .join(', ')
}

/** The hours that its amounts are of, where no hour by itself is abnormal; else from the first flagged hour on. */
export const spanText = (incident: Incident, tz: string): string =>
  timeText(['sustained', 'drop'].includes(incident.kinds.join()) ? incident.measured : incident, tz)

/** One sentence for lists and mails. */
export function incidentText(incident: Incident, tz: string): string {
  const because = [driverText(incident), movedText(incident)].filter((text) => text !== '').join('; ')
  const what = `${memberText(incident.lead)}: ${amountText(incident)}`
  return `${spanText(incident, tz)}  ${what}${because === '' ? '' : `; ${because}`}`
}

/**
 * What speaks against chance: `394 calls at 17:00 where 0.9 are usual ($0.35 against $0.0008): chance does that less
 * than once in ten years`; empty where the method knows none.
 */
export function evidenceText({ evidence, lead }: Pick<Incident, 'evidence' | 'lead'>, tz: string): string {
  if (evidence === null) return ''
  const { costUsd, normUsd } = evidence
  const hours = Math.round((Date.parse(evidence.until) - Date.parse(evidence.since)) / hourMs)
  const from = minute(evidence.since, tz).slice(5)
  const when = hours === 1 ? `at ${from}` : `in ${hours} hours from ${from}`
  if (evidence.of === 'sessions') return sessionsText(evidence, lead, when)
  const { calls, normCalls, surprise, series, isSpread } = evidence
  const chance = chanceText(surprise, series)
  if (evidence.of === 'calls')
    return `${count(calls)} calls ${when} where ${few(normCalls)} are usual (${roundUsd(costUsd)} against ${roundUsd(normUsd)}): ${chance}`
  return `${roundUsd(costUsd)} ${when} where ${roundUsd(normUsd)} is usual${isSpread ? ', and no single call explains it' : ''}: ${chance}`
}

/** Two digits of a figure. */
const few = (value: number): string => number(Number(value.toPrecision(2)))

type SessionsFound = SessionEvidence & { readonly costUsd: number; readonly normUsd: number }

/**
 * `a session of $14.20 at 09-22 10:00 where user-7's own come to $1.10 on average; its calls are 4.2 × as dear as
 * user-7's usually are: usual sessions are 30,000 times less likely to do that`
 */
function sessionsText(evidence: SessionsFound, { dimension, value }: Member, when: string): string {
  const { sessions, begun, norm_begun: usual, costUsd, normUsd } = evidence
  const one = sessions === 1
  const person = dimension === 'user_id' && value !== null
  const whose = person ? `${value}'s own` : dimension === null ? 'sessions' : 'its sessions'
  const each = usual > 0 ? `${whose} come to ${roundUsd(normUsd / usual)} on average` : ''
  const found = one
    ? `a session of ${roundUsd(costUsd)} ${when}${each === '' ? '' : ` where ${each}`}`
    : `${count(sessions)} sessions ${when}, ${roundUsd(costUsd)} where ${roundUsd(normUsd)} is usual${each === '' ? '' : ` and ${each}`}`
  const { begun_surprise: many, price_surprise: dear, calls_surprise: long } = evidence
  const [its, ones] = [one ? 'its' : 'their', `${person ? `${value}'s` : "the same people's"} usually are`]
  const moved = [
    ...(dear >= tellable ? [`${few(evidence.price_times)} × as dear`] : []),
    ...(long >= tellable ? [`${few(evidence.calls_times)} × as many an hour`] : []),
  ]
  const why = [
    ...(many >= tellable && !one ? [`${count(begun)} began where ${few(usual)} do`] : []),
    ...(moved.length === 0 ? [] : [`${its} calls are ${moved.join(' and ')} as ${ones}`]),
  ]
  return `${found}${why.length === 0 ? '' : `; ${why.join(', ')}`}: ${oddsText(evidence.surprise)}`
}

/** What adds less to the logarithm of likelihood explains nothing. */
const tellable = 1

/** How much less likely sessions as usual are to bring it; no more is said than the laws of sessions bear. */
function oddsText(surprise: number): string {
  const times =
    Math.exp(surprise) >= 1e6 ? 'over a million' : count(Number(Math.exp(surprise).toPrecision(1)))
  return `usual sessions are ${times} times less likely to do that`
}

/** `spike, 3 hours, high confidence`, and which other series agree. */
export function groundsText(incident: Incident): string {
  const { kinds, hours, confidence } = incident
  const length = `${count(hours.length)} flagged ${plural(hours.length, 'hour')}`
  return `${kinds.join(' and ')}, ${length}, ${confidence} confidence${othersText(incident)}`
}

/** What to look at first, by what moved. */
export function nextText(incident: Incident, tz: string, typed: Typed): string {
  const { parts, excess, kinds, lead, measured } = incident
  if (kinds.includes('drop'))
    return `Check whether calls fail or are no longer logged: ${typed(`llmcost breakdown --by status${spanOptions(measured, tz)}`)}`
  const shares = [Number(parts.volume), Number(parts.size ?? 0n), Number(parts.price)]
  const most = shares.indexOf(Math.max(...shares))
  const where =
    lead.dimension === null ? '' : ` --where ${shellWord(`${lead.dimension}=${lead.value ?? ''}`)}`
  const scope = `${spanOptions(measured, tz)}${where}`
  const dear = most === 1 || (most === 2 && parts.size === null)
  if (excess > 0n && dear) return `Look at its dearest calls: ${typed(`llmcost calls${scope}`)}`
  if (excess > 0n && most === 2) return `Look at its models: ${typed(`llmcost breakdown --by model${scope}`)}`
  const by = lead.dimension === 'user_id' ? 'feature,status' : 'user,status'
  return `Look at who calls, and for retries: ${typed(`llmcost breakdown --by ${by}${scope}`)}`
}
