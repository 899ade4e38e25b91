/**
 * A saved answer as one side of a comparison: the JSON of `report` (its summary), of `compare` (its first
 * side), or of `breakdown` (its total). The file may come from anywhere: only figures that are numbers and
 * could be true are taken from it, and nothing else.
 */
import { isLosslessNumber, parse } from 'lossless-json'
import { moneyBases, type MoneyBasis } from '../../domain/costs/basis.js'
import { keyFrom, keyIn, type Currency } from '../../domain/costs/currency.js'
import { readDecimal } from '../../domain/costs/decimal.js'
import { filterDimension } from '../../domain/dimensions.js'
import { instantFrom } from '../../domain/time/periods.js'
import { isComparison, type Filter, type Window } from '../../domain/scope.js'
import { assertZone } from '../../domain/time/zones.js'
import { UserError } from '../../errors.js'
import type { Figures } from '../../metrics/figures.js'
import type { MeasureName } from '../../metrics/measures/registry.js'
import { measureColumn } from '../columns.js'
import { comparedMeasures } from './comparison-figures.js'
import { schemaVersion } from '../report.js'

export interface Saved {
  readonly kind: string
  readonly window: Window
  readonly tz: string
  /** Null where the file does not tell. */
  readonly filters: readonly Filter[] | null
  readonly figures: Figures
  /** What it counts as money; undefined: the usual cost. */
  readonly basis: MoneyBasis | undefined
}

type Json = Readonly<Record<string, unknown>>

const hint =
  '--against takes what llmcost report, compare or breakdown printed with --json: llmcost report --json > last-week.json.'

/**
 * @param currency what its money must be in, as that of the other side is
 * @throws UserError (usage) for anything but such an answer; `path` is named in it
 */
export function readSaved(text: string, path: string, currency = 'USD'): Saved {
  const refuse = (what: string): never => {
    throw new UserError(what, { code: 'usage', location: path, hint })
  }
  const answer = recordOf(parsed(text, refuse)) ?? refuse('is no answer of llmcost: it holds no JSON object')
  const version = digitsOf(answer['schemaVersion'])
  if (version === undefined) refuse('is no answer of llmcost: it has no schemaVersion')
  if (version !== String(schemaVersion)) {
    refuse(
      `has schemaVersion ${String(version).slice(0, 20)}, and this version of llmcost reads ${schemaVersion}`,
    )
  }
  const named = answer['currency'] ?? 'USD'
  const own = typeof named === 'string' ? named.slice(0, 20) : 'no currency'
  if (own !== currency) refuse(`is in ${own}, and this answer in ${currency}: both must be in one currency`)
  const rows = rowsOf(answer) ?? refuse(`holds an answer of a kind that cannot be compared with`)
  if (answer['allocated'] === true)
    refuse('holds cost allocated to cost centers, and a comparison counts it where it was made')
  const figures = figuresOf(rows, currency, refuse)
  if (figures.calls === undefined) refuse('has no number of calls to compare with')
  return {
    kind: String(answer['kind']),
    ...periodOf(answer, refuse),
    filters: filtersOf(answer, currency),
    figures,
    basis: moneyBases.find((one) => one === answer['costBasis']),
  }
}

function parsed(text: string, refuse: (what: string) => never): unknown {
  try {
    return parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    // Also what is nested too deeply to be read.
    return refuse(error instanceof RangeError ? 'is nested too deeply' : 'is not JSON')
  }
}

function recordOf(value: unknown): Json | undefined {
  const plain =
    typeof value === 'object' && value !== null && !Array.isArray(value) && !isLosslessNumber(value)
  return plain ? (value as Json) : undefined
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const recordsOf = (value: unknown): readonly Json[] =>
  listOf(value)
    .map(recordOf)
    .filter((one) => one !== undefined)

const digitsOf = (value: unknown): string | undefined => (isLosslessNumber(value) ? value.value : undefined)

/** The rows that hold the figures, the first that has one wins; undefined for another kind of answer. */
function rowsOf(answer: Json): readonly Json[] | undefined {
  const section = (id: string): Json | undefined =>
    recordsOf(answer['sections']).find((one) => one['id'] === id)
  const rows = (table: Json | undefined): readonly Json[] => recordsOf(table?.['rows'])
  switch (answer['kind']) {
    case 'report':
      return ['summary', 'caching'].flatMap((id) => rows(section(id)).slice(0, 1))
    case 'compare':
      return rows(section('comparison') ?? answer).filter(({ side }) => side === 'a')
    case 'breakdown':
      return recordOf(answer['totals']) === undefined
        ? rows(answer).length === 1
          ? rows(answer)
          : []
        : [recordOf(answer['totals']) ?? {}]
    default:
      return undefined
  }
}

const scores: ReadonlySet<MeasureName> = new Set<MeasureName>([
  'mean_quality_score',
  'mean_groundedness',
  'mean_retrieval_score',
  'mean_user_feedback',
])

/** Rates are shares; all else cannot be below 0, but for scores, which may be anything. */
function figuresOf(rows: readonly Json[], currency: Currency, refuse: (what: string) => never): Figures {
  const entries = comparedMeasures.flatMap((name): [string, string][] => {
    const key = keyIn(name, currency)
    const value = rows.map((row) => (Object.hasOwn(row, key) ? row[key] : null)).find((one) => one !== null)
    if (value === undefined) return []
    const digits = digitsOf(value)
    const decimal = digits === undefined ? undefined : readDecimal(digits)
    if (digits === undefined || decimal === undefined) return refuse(`${name} is not a number`)
    const size = Number(digits)
    const { kind } = measureColumn(name)
    const whole = kind !== 'count' || Number.isInteger(size)
    const fits = scores.has(name) || (size >= 0 && (kind !== 'rate' || size <= 1))
    if (!Number.isFinite(size) || !whole || !fits) return refuse(`${name} cannot be ${digits.slice(0, 30)}`)
    return [[name, digits]]
  })
  return Object.fromEntries(entries) as Figures
}

function periodOf(answer: Json, refuse: (what: string) => never): { window: Window; tz: string } {
  const period = recordOf(answer['period']) ?? refuse('has no period')
  const instant = (key: string): string | null => {
    const value = period[key] ?? null
    if (value === null) return null
    const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z$/
    const time = typeof value === 'string' && form.test(value) ? instantFrom(value) : undefined
    return time === undefined ? refuse(`period.${key} is not a time`) : new Date(time).toISOString()
  }
  const tz = period['tz']
  try {
    if (typeof tz !== 'string') return refuse('period.tz is not a time zone')
    assertZone(tz)
    const window = { since: instant('since'), until: instant('until') }
    const [since, until] = [window.since ?? '', window.until ?? '~']
    return since < until ? { window, tz } : refuse('its period ends before it begins')
  } catch (error) {
    if (error instanceof UserError && error.location !== undefined) throw error
    return refuse('period.tz is not a time zone')
  }
}

const isOperator = (text: string): text is Filter['operator'] =>
  ['=', '!=', '~'].includes(text) || isComparison(text)

/** The filters of the first side of a comparison; of other answers they are not known. */
function filtersOf(answer: Json, currency: Currency): readonly Filter[] | null {
  const side = recordOf(recordOf(answer['sides'])?.['a'])
  if (side === undefined) return null
  return listOf(side['filters']).flatMap((one) => {
    const { dimension, operator, value } = recordOf(one) ?? {}
    const known = typeof operator === 'string' && isOperator(operator)
    if (typeof dimension !== 'string' || !known || typeof value !== 'string') return []
    try {
      return [{ dimension: filterDimension(keyFrom(dimension, currency)).key, operator, value }]
    } catch {
      return []
    }
  })
}
