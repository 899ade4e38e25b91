/**
 * Which episodes have one cause: those whose dollars are the same calls'. Hour by hour, as they are flagged, and by
 * nothing later: an incident grows, or is joined to an older one, but is never parted, and its beginning stays.
 */
import { bySeries, comesAgain, lastAt, lookBack, mergeHours, type Episode } from './episodes.js'
import { seriesId, type SeriesKey } from './incidents.js'
import { closest } from './figures.js'

/** What is known of costs, USD, over local hours [since, until). */
export interface Costs {
  readonly of: (series: SeriesKey, since: number, until: number) => { cost: number; norm: number }
  /** Of the calls of both, two series of two dimensions; the norm by the history's mean. */
  readonly shared: (
    a: SeriesKey,
    b: SeriesKey,
    since: number,
    until: number,
  ) => { cost: number; norm: number }
}

/** Calls that make this share of an excess explain it. */
const most = 0.5
/** An excess so many times as large beside its norm as that of all calls is no mere part of that. */
const beyond = { rise: 3, fall: 2 } as const
/** All calls but those of the flagged members are calm: their excess beside their norm, and their share of the norm. */
const calm = { excess: 0.25, norm: 0.2 } as const

/** Episodes of one cause. */
export interface Cause {
  readonly episodes: readonly Episode[]
  /** It is one of all calls: nothing narrower explains what these do. */
  readonly isOfAll: boolean
}

/** @param direction whether they cost too much or too little */
export function byCause(episodes: readonly Episode[], costs: Costs, direction: 'rise' | 'fall'): Cause[] {
  const incidents = new Set<readonly Episode[]>()
  /** Hours of all calls that nothing narrower explains. */
  const wholes = new Set<Episode>()
  const judge = judgeOf(costs, direction, wholes)
  const put = (fresh: readonly Episode[], to: readonly (readonly Episode[])[]): void => {
    for (const one of to) incidents.delete(one)
    incidents.add([...to.flat(), ...fresh])
  }
  const hours = [...new Set(episodes.flatMap(({ flags }) => flags.map(({ hour }) => hour)))].toSorted(
    (a, b) => a - b,
  )
  for (const hour of hours) {
    const fresh = episodes.filter(({ first }) => first === hour)
    if (fresh.length > 0) placeAll(fresh, hour, incidents, put, judge, wholes)
    resume(hour, incidents, put, judge)
  }
  return [...incidents].map((own) => ({ episodes: own, isOfAll: own.some((one) => wholes.has(one)) }))
}

type Incidents = ReadonlySet<readonly Episode[]>
type Put = (fresh: readonly Episode[], to: readonly (readonly Episode[])[]) => void
type Judge = ReturnType<typeof judgeOf>

const lastOf = (incident: readonly Episode[], hour: number): number =>
  Math.max(...incident.map((one) => lastAt(one, hour)))
const beginOf = (incident: readonly Episode[]): number => Math.min(...incident.map(({ begin }) => begin))
const isAccount = ({ family }: SeriesKey): boolean => family === 0

/** The episodes that begin in an hour: first what stands out by itself, then what may be a part of it. */
function placeAll(
  fresh: readonly Episode[],
  hour: number,
  incidents: Incidents,
  put: Put,
  judge: Judge,
  wholes: Set<Episode>,
): void {
  const since = (from: number): (readonly Episode[])[] =>
    [...incidents].filter((one) => lastOf(one, hour) >= from - mergeHours)
  const open = (): (readonly Episode[])[] => since(hour)
  const active = [...fresh, ...open().flat()].filter((one) => lastAt(one, hour) >= hour - mergeHours)
  const account = active.filter(isAccount).toSorted((a, b) => b.first - a.first)[0]
  const members = fresh
    .filter((one) => !isAccount(one))
    .toSorted((a, b) => judge.size(b) - judge.size(a) || bySeries(a, b))
  const own = new Set(members.filter((one) => judge.standsOut(one, active, account)))
  const parts: Episode[] = []
  for (const one of [...own, ...members.filter((member) => !own.has(member))]) {
    const { cause, caused } = judge.related(one, open(), hour, own.has(one))
    if (cause !== undefined) put([one], [cause])
    else if (own.has(one)) put([one], caused)
    else parts.push(one)
  }
  for (const one of fresh.filter(isAccount)) {
    const near = since(one.begin)
    const cause = judge.causeOfAll(one, near, hour) ?? sameHours(one, near)
    if (cause === undefined) wholes.add(one)
    const before = near.filter((incident) =>
      incident.some((member) => wholes.has(member) && one.begin - member.first <= mergeHours),
    )
    const goesOn = cause ?? before.toSorted((a, b) => lastOf(b, hour) - lastOf(a, hour))[0]
    // Hours of all calls alone that partly are these belong to what is now seen to explain them.
    const alone =
      cause === undefined ? [] : near.filter((other) => other !== cause && isSameAlone(other, one))
    for (const member of alone.flat()) wholes.delete(member)
    put([one], goesOn === undefined ? [] : [goesOn, ...alone])
  }
  for (const one of parts) {
    const whole = open().find((incident) => incident.some((member) => member === account))
    const isPart = whole?.some((member) => wholes.has(member)) === true
    // A part of all that no incident of all calls stands for is told by itself.
    if (whole !== undefined && isPart) put([one], [whole])
    else put([one], judge.related(one, open(), hour, true).caused)
  }
}

const isSameAlone = (incident: readonly Episode[], one: Episode): boolean =>
  incident.every(isAccount) && incident.some(({ first }) => first >= one.begin)

/** The incident that the latest flagged hour of all calls is of, where this one's hours are partly the same. */
function sameHours(one: Episode, near: readonly (readonly Episode[])[]): readonly Episode[] | undefined {
  const earlier = near.flatMap((incident) =>
    incident
      .filter((member) => isAccount(member) && member.first >= one.begin)
      .map(({ first }) => ({ incident, first })),
  )
  return earlier.toSorted((a, b) => b.first - a.first)[0]?.incident
}

/** A series whose sustained excess comes again after a night or a weekend is one shift that stays. */
function resume(hour: number, incidents: Incidents, put: Put, judge: Judge): void {
  const lasting = [...incidents].filter((one) =>
    one.some(({ flags }) => flags.some((flag) => flag.hour === hour && flag.kind === 'sustained')),
  )
  for (const later of lasting) {
    const before = [...incidents].filter(
      (earlier) => earlier !== later && judge.isOneShift(earlier, later, hour),
    )
    const last = before.toSorted((a, b) => lastOf(b, hour) - lastOf(a, hour) || beginOf(b) - beginOf(a)).at(0)
    if (last !== undefined && incidents.has(later)) put([], [last, later])
  }
}

function judgeOf(costs: Costs, direction: 'rise' | 'fall', wholes: ReadonlySet<Episode>) {
  const sign = direction === 'rise' ? 1 : -1
  const over = ({ cost, norm }: { cost: number; norm: number }): number => sign * (cost - norm)
  /** What its first flag is of: the longest of them. */
  const flagged = ({ flags, first, begin }: Episode): { cost: number; norm: number } => {
    const own = flags.filter((flag) => flag.hour === first && flag.hour - flag.spanHours + 1 === begin)
    return { cost: own[0]?.costUsd ?? 0, norm: own[0]?.normUsd ?? 0 }
  }
  const excess = (series: SeriesKey, since: number, until: number): number =>
    over(costs.of(series, since, until))
  const common = (a: SeriesKey, b: SeriesKey, since: number, until: number): number => {
    if (isAccount(a)) return excess(b, since, until)
    if (isAccount(b) || seriesId(a) === seriesId(b)) return excess(a, since, until)
    if (a.family === b.family) return 0
    const both = costs.shared(a, b, since, until)
    const norms = [a, b].map((one) => costs.of(one, since, until).norm)
    return over({ cost: both.cost, norm: Math.min(both.norm, ...norms) })
  }
  const windowOf = (begin: number, hour: number): readonly [number, number] => [
    Math.max(begin, hour + 1 - lookBack),
    hour + 1,
  ]
  /** In the order in which they say most closely where to look; all calls where nothing narrower explains them. */
  const leaders = (incident: readonly Episode[], hour: number): Episode[] => {
    const [since, until] = windowOf(beginOf(incident), hour)
    const byBegin = incident.toSorted((a, b) => a.first - b.first)
    const latest = [...new Map(byBegin.map((one) => [seriesId(one), one])).values()]
    const may = incident.some((one) => wholes.has(one)) ? latest : latest.filter((one) => !isAccount(one))
    const sized = (may.length === 0 ? latest : may).map((one) => {
      const { cost, norm } = costs.of(one, since, until)
      return { one, norm, size: over({ cost, norm }) }
    })
    return closest(sized).map(({ one }) => one)
  }
  const leader = (incident: readonly Episode[], hour: number): Episode => leaders(incident, hour)[0]!
  return {
    size: (one: Episode): number => over(flagged(one)),
    /** It is no mere part of what all calls do at the time. */
    standsOut(one: Episode, active: readonly Episode[], account: Episode | undefined): boolean {
      if (account === undefined) return true
      const until = one.first + 1
      const all = costs.of(account, one.begin, until)
      const own = flagged(one)
      if (all.norm <= 0 || over(all) <= 0) return true
      if (over(own) * all.norm > beyond[direction] * over(all) * own.norm) return true
      return othersAreCalm(one, active, account, until)
    },
    /** The incidents that it is a part of, and those that are parts of it. */
    related(one: Episode, open: readonly (readonly Episode[])[], hour: number, wide: boolean) {
      const [since, until] = windowOf(one.begin, hour)
      const found = open.map((incident) => ({ incident, lead: leader(incident, hour) }))
      const explained = found
        .filter(({ lead }) => !isAccount(lead))
        .map(({ incident, lead }) => ({ incident, share: common(one, lead, since, until) }))
        .filter(({ share }) => share > 0 && share >= most * over(flagged(one)))
        .toSorted((a, b) => b.share - a.share || beginOf(a.incident) - beginOf(b.incident))
      const caused = wide
        ? found.filter(({ incident, lead }) => {
            const [from, to] = windowOf(isAccount(lead) ? beginOf(incident) : lead.begin, hour)
            const whole = excess(lead, from, to)
            return (
              beginOf(incident) > hour - lookBack && whole > 0 && common(lead, one, from, to) >= most * whole
            )
          })
        : []
      return { cause: explained[0]?.incident, caused: caused.map(({ incident }) => incident) }
    },
    /** The dearest of the incidents that together explain most of what all calls do. */
    causeOfAll(account: Episode, near: readonly (readonly Episode[])[], hour: number) {
      const [since, until] = windowOf(account.begin, hour)
      const led = near.map((incident) => ({ incident, lead: leader(incident, hour) }))
      const found = led
        .filter(({ lead }) => !isAccount(lead))
        .map(({ incident, lead }) => ({ incident, size: excess(lead, since, until) }))
        .filter(({ size }) => size > 0)
        .toSorted((a, b) => b.size - a.size || beginOf(a.incident) - beginOf(b.incident))
      const sum = found.reduce((total, { size }) => total + size, 0)
      return sum >= most * over(flagged(account)) ? found[0]?.incident : undefined
    },
    /** Of both, the same series leads: all calls only where nothing says more closely where to look. */
    isOneShift(earlier: readonly Episode[], later: readonly Episode[], hour: number): boolean {
      const again = later.flatMap((after) =>
        earlier.filter((before) => comesAgain(before, after, hour)).map((before) => seriesId(before)),
      )
      if (again.length === 0) return false
      const leading = [leaders(earlier, lastOf(earlier, hour)), leaders(later, hour)].map(
        (found) => new Set(found.filter((one, i) => i === 0 || !isAccount(one)).map(seriesId)),
      )
      return again.some((id) => leading.every((ids) => ids.has(id)))
    },
  }

  function othersAreCalm(one: Episode, active: readonly Episode[], account: Episode, until: number): boolean {
    const [since] = windowOf(account.begin, until - 1)
    const all = costs.of(account, since, until)
    const siblings = [
      ...new Map(
        active.filter(({ family }) => family === one.family).map((each) => [seriesId(each), each]),
      ).values(),
    ]
    const theirs = siblings.map((each) => costs.of(each, since, until))
    const rest = {
      cost: all.cost - theirs.reduce((sum, { cost }) => sum + cost, 0),
      norm: all.norm - theirs.reduce((sum, { norm }) => sum + norm, 0),
    }
    return rest.norm >= calm.norm * all.norm && over(rest) * all.norm < calm.excess * over(all) * rest.norm
  }
}
