/** What a price list would change: which rows an update gets, and which unit price becomes which. */
import type { PriceSpan, Rate, UnitPrices } from '../domain/rate.js'
import type { Catalogue } from './catalogue.js'
import { toBillionths } from './decimal.js'
import { catalogueSpans, lookUp, type Listing } from './library.js'
import { quotedPrices } from './quoted-prices.js'
import type { QuotedModel, StatedBand } from './quotes.js'
import { noPrices } from './rates.js'
import { spellingsOf } from './spellings.js'
import type { UpdateLayer, UpdateRow, UpdateSpan } from './updates.js'

/** One unit price that becomes another. */
export interface PriceChange {
  readonly provider: string
  readonly model: string
  readonly unit: keyof UnitPrices
  /** Input tokens above which it holds; 0: from the start. */
  readonly above: number
  /** Minutes of the UTC day, 0 to 1440. */
  readonly minutes: readonly [number, number]
  /** Null: none was known. */
  readonly before: string | null
  /** Null: none any more. */
  readonly after: string | null
  /** `YYYY-MM-DD` */
  readonly from: string
  /** No price of the model was known. */
  readonly isNew: boolean
}

export interface UpdatePlan {
  readonly rows: readonly UpdateRow[]
  readonly changes: readonly PriceChange[]
  /** Names under which a call counts as another provider's: those of gateways, which pass calls on. */
  readonly passedOn: number
}

export interface PlanRequest {
  readonly models: readonly QuotedModel[]
  /** With the models of earlier updates. */
  readonly catalogue: Catalogue
  /** Earlier updates. */
  readonly layer: UpdateLayer
  /** Prices as they are, without overrides: those stay above every update. */
  readonly resolve: (
    provider: string,
    model: string,
  ) => { readonly provider: string | null; readonly rates: readonly Rate[] }
  /** `YYYY-MM-DD` */
  readonly today: string
  /** From which day on changes hold; null: the list's own dates, else today. */
  readonly since: string | null
  /** Until when prices were known before: changes dated earlier are history. */
  readonly known: string | null
}

/** Prices of a name from a day on, in all bands and hours. */
interface Step {
  readonly from: string
  readonly spans: readonly UpdateSpan[]
}

interface Planned {
  readonly provider: string
  readonly model: string
  readonly names?: readonly string[]
  readonly steps: readonly Step[]
  /** What was known before. */
  readonly before: readonly PriceSpan[]
  /** The model whose price the name has had: `openai/gpt-4o`. */
  readonly matched: string | null
}

export function planUpdate(request: PlanRequest): UpdatePlan {
  let passedOn = 0
  const planned = request.models.flatMap((model) => {
    if ('spans' in model.quoted) return fromDated(model, model.quoted.spans, request)
    const stated = fromStated(model, model.quoted.bands, request)
    if (stated === undefined) passedOn++
    return stated ?? []
  })
  const changed = planned.filter(({ steps }) => steps.length > 0)
  const held = heldBack(planned, changed, request)
  return {
    rows: [...changed, ...held].flatMap(({ provider, model, names, steps }) =>
      steps.map((step) => ({ provider, model, ...(names === undefined ? {} : { names }), ...step })),
    ),
    changes: changed.flatMap(changesOf),
    passedOn,
  }
}

/** A list with all dates, such as the price data's own: its entries against those of the price data. */
function fromDated(quote: QuotedModel, spans: readonly PriceSpan[], request: PlanRequest): Planned[] {
  const { provider, model, names } = quote
  const own = entryOf(provider, model, request)
  const main = planned(provider, model, own ?? namedOf(provider, model, request), spans, request)
  const isNew = main.before.length === 0
  const others = names
    .map((name) => planned(provider, name, namedOf(provider, name, request), spans, request))
    // A name that is known of another model goes on being its, where the model itself is known by now.
    .filter(({ before }) => (before.length === 0 ? !isNew : own === undefined))
    .map((one) => (one.before.length === 0 ? { ...one, names: [] } : one))
  const reached = names.filter((name) => !others.some(({ model: other }) => other === name))
  return [isNew ? { ...main, names: reached } : main, ...others]
}

/** A model of the price data under its own id, with earlier updates; undefined where there is none. */
function entryOf(provider: string, id: string, { catalogue, layer }: PlanRequest): Listing | undefined {
  const entry = catalogue.providers.get(provider)?.models.find((one) => one.id.toLowerCase() === id)
  if (entry === undefined) return undefined
  return layer.over(provider, [id], {
    spans: catalogueSpans(catalogue.version, provider, entry),
    matched: `${provider}/${id}`,
    rule: '',
  })
}

/**
 * What a name gets by the price data and earlier updates. The history that corrects them is left aside: what
 * has not changed in the list is no news.
 */
const namedOf = (provider: string, name: string, { catalogue, layer }: PlanRequest): Listing =>
  layer.over(provider, [name], lookUp(catalogue, provider, name))

function planned(
  provider: string,
  model: string,
  { spans: before, matched }: Listing,
  spans: readonly PriceSpan[],
  { today, since, known }: PlanRequest,
): Planned {
  const start = startOf(before, since, today)
  const now = since !== null && since > today ? since : today
  const after = since ?? known ?? today
  const days = [
    ...(same(at(spans, now), at(before, now)) ? [] : [start]),
    ...daysOf(spans).filter((day) => day > after),
    ...daysOf(before).filter((day) => day > now),
  ]
  const steps: Step[] = []
  for (const from of [...new Set(days)].toSorted()) {
    const quoted = at(spans, from)
    const holds = steps.at(-1)?.spans ?? at(before, from)
    if (quoted.length > 0 && !same(quoted, holds)) steps.push({ from, spans: quoted })
  }
  return { provider, model, steps, before, matched }
}

/** A list of today's prices by unit: against the price that a call of that name gets. */
function fromStated(
  quote: QuotedModel,
  stated: readonly StatedBand[],
  request: PlanRequest,
): Planned | undefined {
  const { today, since } = request
  const { provider } = quote
  const { provider: resolved, rates } = request.resolve(provider, quote.model)
  // What a gateway asks for a model is no price of the model's own provider, as which its calls count.
  if (resolved !== null && resolved !== provider) return undefined
  const before = rates.filter(({ mode }) => mode === 'standard')
  const matched = before[0]?.matched ?? null
  const now = since !== null && since > today ? since : today
  const holds = at(before, now)
  const quoted = quotedPrices(holds, stated)
  const about = {
    provider,
    model: quote.model,
    before,
    matched,
    ...(before.length === 0 ? { names: [] } : {}),
  }
  if (same(quoted, holds)) return { ...about, steps: [] }
  // A list of today does not speak of changes that are announced: they stand.
  const start = startOf(before, since, today)
  const announced = daysOf(before).filter((day) => day > now)
  return {
    ...about,
    steps: [{ from: start, spans: quoted }, ...announced.map((from) => ({ from, spans: at(before, from) }))],
  }
}

/**
 * From when on a price holds that is another one by now: the date given, but never before the last change that
 * is known, for that is history.
 */
function startOf(before: readonly PriceSpan[], since: string | null, today: string): string {
  if (since === null || since >= today) return since ?? today
  const last = daysOf(before)
    .filter((day) => day <= today)
    .toSorted()
    .at(-1)
  return last !== undefined && last > since ? last : since
}

/** Names of the list that have not changed, but would take the price of one that has: they keep theirs. */
function heldBack(
  all: readonly Planned[],
  changed: readonly Planned[],
  { catalogue, since, today }: PlanRequest,
): readonly Planned[] {
  const rows = new Set(changed.map(({ provider, model }) => `${provider}/${model}`))
  return all
    .filter(({ steps, before }) => steps.length === 0 && before.length > 0)
    .filter(({ provider, model, matched }) => {
      const others = spellingsOf(catalogue, provider, model).map(({ name }) => `${provider}/${name}`)
      return [...others.slice(1), matched?.toLowerCase() ?? ''].some((name) => rows.has(name))
    })
    .map((one) => {
      const from = since ?? today
      const later = daysOf(one.before).filter((day) => day > from)
      return { ...one, steps: [from, ...later].map((day) => ({ from: day, spans: at(one.before, day) })) }
    })
    .filter(({ steps }) => steps.every(({ spans }) => spans.length > 0))
}

const unitNames = Object.keys(noPrices) as (keyof UnitPrices)[]

/** Days on which prices begin, openings aside. */
const daysOf = (spans: readonly PriceSpan[]): string[] =>
  [...new Set(spans.map((span) => span.valid_from.slice(0, 10)))].filter((day) => day > '1970-01-01')

/** What is in force at the beginning of a day. */
function at(spans: readonly PriceSpan[], day: string): readonly UpdateSpan[] {
  const moment = `${day} 00:00:00`
  return spans
    .filter((span) => span.valid_from <= moment && moment < span.valid_to)
    .map(({ band_lo, band_hi, minute_lo, minute_hi, ...prices }) => ({
      band_lo,
      band_hi,
      minute_lo,
      minute_hi,
      ...(Object.fromEntries(unitNames.map((unit) => [unit, prices[unit]])) as unknown as UnitPrices),
    }))
    .toSorted((a, b) => a.minute_lo - b.minute_lo || a.band_lo - b.band_lo)
}

const same = (a: readonly UpdateSpan[], b: readonly UpdateSpan[]): boolean => {
  const text = (spans: readonly UpdateSpan[]): string =>
    JSON.stringify(
      spans.map((span) => [
        span.band_lo,
        span.band_hi,
        span.minute_lo,
        span.minute_hi,
        ...unitNames.map((unit) => span[unit]),
      ]),
    )
  return text(a) === text(b)
}

function changesOf({ provider, model, steps, before }: Planned): readonly PriceChange[] {
  return steps.flatMap(({ from, spans }, i) => {
    const old = i === 0 ? at(before, from) : (steps[i - 1]?.spans ?? [])
    const changes = spans.flatMap((span) => {
      const was = old.find((one) => holds(one, span))
      return unitNames
        .filter((unit) => differs(unit, was, span))
        .map((unit): PriceChange => ({
          provider,
          model,
          unit,
          above: Math.max(0, span.band_lo),
          minutes: [span.minute_lo, span.minute_hi],
          before: was?.[unit] ?? null,
          after: span[unit],
          from,
          isNew: before.length === 0,
        }))
    })
    // What does not depend on size or hour stands in every band; once is enough.
    const seen = new Set<string>()
    return changes.filter(({ unit, before: b, after: a }) => {
      const key = `${unit} ${b} ${a}`
      return !seen.has(key) && seen.add(key)
    })
  })
}

const holds = (old: UpdateSpan, { band_lo, minute_lo }: UpdateSpan): boolean =>
  old.band_lo <= band_lo && band_lo < old.band_hi && old.minute_lo <= minute_lo && minute_lo < old.minute_hi

/** Whether a unit's price is another one, and not only because it is that of input. */
function differs(unit: keyof UnitPrices, was: UpdateSpan | undefined, now: UpdateSpan): boolean {
  const old = was?.[unit] ?? null
  if (old === now[unit]) return false
  const follows = unit.startsWith('cache_') && now[unit] === now.input_price
  return !(follows && old === (was?.input_price ?? null))
}

/** A change by more than ten times, either way, or from or to nothing: rather a fault than a price. */
export function isJump({ before, after }: PriceChange): boolean {
  if (before === null || after === null) return false
  const [old, now] = [toBillionths(before), toBillionths(after)]
  return now > 10n * old || old > 10n * now
}
