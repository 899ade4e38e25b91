/** What a price list would change: which rows an update gets, and which unit price becomes which. */
import type { PriceSpan, Rate } from '../../domain/costs/rate.js'
import type { Catalogue } from '../catalogue.js'
import { catalogueSpans, lookUp, type Listing } from '../library.js'
import { quotedPrices } from './quoted-prices.js'
import type { QuotedModel, StatedBand } from './quotes.js'
import { at, changesOf, same, type PriceChange, type Step } from './price-changes.js'
import { spellingsOf } from '../spellings.js'
import type { UpdateLayer, UpdateRow } from './updates.js'

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

/** Days on which prices begin, openings aside. */
const daysOf = (spans: readonly PriceSpan[]): string[] =>
  [...new Set(spans.map((span) => span.valid_from.slice(0, 10)))].filter((day) => day > '1970-01-01')
