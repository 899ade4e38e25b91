/**
 * What a record says of usage, tier, speed, place or money that its importer's plan does not use. Nothing of
 * it is dropped in silence: it is named in `unread_usage`, and the call counts as partly priced.
 */
import { isAddressable } from '../records/named-entries.js'
import { callFields, usageFields, type CallField } from '../../domain/call.js'
import { saysDollars, unitOfName } from '../records/cost-fields.js'
import { isOtherMoney, speaksOfCurrency } from '../records/currency-names.js'
import { comparable } from '../records/comparable.js'
import {
  costPartNames,
  derivedNames,
  fieldNames,
  toolTokenNames,
  totalTokenNames,
} from '../records/field-names.js'
import { pathKeyOf, type Survey } from '../survey.js'
import { pointerOf } from '../document.js'
import type { ReadPlan } from '../importer.js'
import { bearsOnMoney, freeOfMoney, isLookedInto, isSomebodysText, mayBeMoney } from './money.js'
import { doubtfulCurrencies } from './unread-currencies.js'
import { modeNames, modePlaces } from './unread-modes.js'
import { quoteText } from '../../domain/words/quoting.js'

/** Longest name of a key that is told. */
const nameLimit = 100

/** A place in a record that may say something that is not used. */
interface Suspect {
  readonly keys: readonly string[]
  /** SQL for its text. */
  readonly text: string
}

/**
 * @param mapped paths that `--map` reads, in place of the plan's own
 * @returns SQL for the names of what is not used, joined by `; `; undefined when no record can have such
 */
export function unreadSql(
  plan: ReadPlan,
  survey: Survey,
  mapped: Readonly<Record<string, string>>,
  set: Readonly<Record<string, string>> = {},
): string | undefined {
  if (plan.readBefore) return plan.unread
  const pathKey = pathKeyOf(survey)
  const used = new Set(usedPaths(plan, mapped).map(pathKey))
  const free = new Set((plan.moneyFree ?? []).map(({ path }) => pathKey(path)))
  const places = [...survey.shape].flatMap(([place, keys]) =>
    keys.map((key) => [...(JSON.parse(place) as string[]), key]),
  )
  const unused = places.filter(
    (keys) => isSuspect(keys) && !used.has(pathKey(keys)) && !free.has(pathKey(keys)),
  )
  // Leaves first: they settle which objects are read key by key.
  const ordered = unused.toSorted((a, b) => b.length - a.length)
  const others = places.filter(
    (keys) => !used.has(pathKey(keys)) && !unused.includes(keys) && mayHide(survey, keys),
  )
  const askable = places.filter((keys) => !keys.some(holdsNul))
  const parts = [
    ...(plan.unread === undefined ? [] : [plan.unread]),
    ...rivalsOf(plan, survey, mapped, places),
    ...ordered
      .slice(0, mostPlaces)
      .map((keys) =>
        suspectSql({ keys, text: textOf(plan, survey, keys) }, plan, survey.shape.has(JSON.stringify(keys))),
      ),
    ...wordsOfModes(plan, survey, askable, { mapped, set }),
    ...(mapped['currency'] === undefined && set['currency'] === undefined
      ? doubtfulCurrencies(plan, survey, askable, (path) => ({
          path,
          text: textOf(plan, survey, path),
          shown: shown(path),
        }))
      : []),
    ...others.slice(0, mostPlaces).map((keys) => hiddenObject(keys, textOf(plan, survey, keys))),
    ...printedPlaces(survey)
      .filter((keys) => !used.has(pathKey(keys)))
      .map((keys) => printedObject(keys, textOf(plan, survey, keys), isSuspect(keys))),
    ...(Math.max(ordered.length, others.length) > mostPlaces && survey.sample.kind === 'json'
      ? [beyondSql(places.filter((keys) => !unused.includes(keys)))]
      : []),
  ]
  return parts.length === 0 ? undefined : `nullif(concat_ws('; ', ${parts.join(', ')}), '')`
}

/** Most values that are compared with the one that was taken for a field. */
const mostRivals = 8

/** Most places that are asked for a word of a mode. */
const mostModes = 60

/** SQL for the names of words of a tier, a speed or a place that no column of a mode uses. */
function wordsOfModes(
  plan: ReadPlan,
  survey: Survey,
  places: readonly (readonly string[])[],
  { mapped, set }: Record<'mapped' | 'set', Readonly<Record<string, string>>>,
): string[] {
  const fields = readFields(plan, mapped).filter(
    (field) => !['operation', 'endpoint', 'provider'].includes(field),
  )
  const pathKey = pathKeyOf(survey)
  const paths = plan.document.pathsIn(fields.map((field) => plan.fields[field]!))
  const used = new Set([...paths, ...Object.values(mapped).map((path) => [path])].map(pathKey))
  const given = (field: CallField): boolean => mapped[field] !== undefined || set[field] !== undefined
  const taken = { plan, survey, given, isUsed: (path: readonly string[]) => used.has(pathKey(path)) }
  const asked = modePlaces(places, taken)
    .slice(0, mostModes)
    .map((place) => ({ ...place, text: textOf(plan, survey, place.path), shown: shown(place.path) }))
  return modeNames(asked, taken)
}

/** Most places of each sort that are looked at one by one: hardly any log has so many keys. */
const mostPlaces = 150

/** SQL for the first key of usage or money, anywhere in the text, that is none of the harmless ones. */
function beyondSql(harmless: readonly (readonly string[])[]): string {
  const names = [...new Set(harmless.map((keys) => (keys.at(-1) ?? '').toLowerCase()))].filter(
    (name) => bearsOnMoney(name) && isPlain(name),
  )
  const found = `regexp_extract_all(text, ${quoteText(innerMoney)}, 1)`
  const first = `list_filter(${found}, lambda k: NOT list_contains([${names.map(quoteText).join(', ')}]::VARCHAR[], lower(k)))[1]`
  return `'a key of many: ' || left(replace(${first}, ';', '?'), ${nameLimit})`
}

/** A name without signs that stand for others in JSON, or in SQL. */
const isPlain = (name: string): boolean => /^[^"\\\p{Cc}]+$/u.test(name)

/** What a plan reads, but for the fields that `--map` fills. */
const readFields = (plan: ReadPlan, mapped: Readonly<Record<string, string>>): CallField[] =>
  callFields.filter((field) => mapped[field] === undefined && plan.fields[field] !== undefined)

/** Paths whose text becomes a column of the call, or is compared with one. A tag is no use of a number. */
function usedPaths(plan: ReadPlan, mapped: Readonly<Record<string, string>>): (readonly string[])[] {
  const own = readFields(plan, mapped).map((field) => plan.fields[field])
  const others = [plan.totalTokens, ...(plan.costParts ?? []), ...(plan.uses ?? []), plan.unread, plan.isCall]
  const paths = plan.document.pathsIn([...own, ...others].filter((sql) => sql !== undefined))
  const told = Object.values(mapped).flatMap((path) => [[path], path.split('.')])
  return [...paths, ...told]
}

/**
 * SQL for the names of values that a plan would take for one field if the first were not there, where they
 * say another number than the one that was taken.
 */
function rivalsOf(
  plan: ReadPlan,
  survey: Survey,
  mapped: Readonly<Record<string, string>>,
  places: readonly (readonly string[])[],
): string[] {
  const pathKey = pathKeyOf(survey)
  const present = new Set(places.map(pathKey))
  const money = readFields(plan, mapped).filter(
    (field) => [...usageFields, 'reported_cost_usd'].includes(field) && !plan.addedUp?.includes(field),
  )
  return money.flatMap((field) => {
    const taken = plan.fields[field]!
    const paths = plan.document
      .pathsIn([taken])
      .filter((path) => present.has(pathKey(path)))
      // The same cost in cents, or in another currency, is another number.
      .filter((path) => unitOfName(comparable(path.at(-1) ?? '')) === undefined)
    if (paths.length < 2) return []
    // Beside a cost in dollars that in another currency is no rival.
    const elsewhere = paths
      .filter(speaksOfCurrency)
      .slice(0, 1)
      .map((path) => ` AND NOT coalesce(${isOtherMoney(plan.document.nearest(...path))}, false)`)
    const rivals = paths.filter((path) => !speaksOfCurrency(path)).slice(0, mostRivals)
    return rivals.map((path) => {
      const number = `TRY_CAST(${plan.document.nearest(...path)} AS DOUBLE)`
      const same = saysDollars(comparable(path.at(-1) ?? '')) ? '' : elsewhere.join('')
      return `CASE WHEN ${number} > 0${same} AND abs(${number} - TRY_CAST(${taken} AS DOUBLE)) > 1e-9 * ${number} THEN ${quoteText(shown(path))} END`
    })
  })
}

/** True for a key that bears on money, or stands in an object that does. */
function isSuspect(keys: readonly string[]): boolean {
  if (!mayBeMoney(keys) || !keys.every(isLookedInto)) return false
  return freeOfMoney(keys) === undefined && !isSomebodysText(keys)
}

/** SQL for the text of a suspect: taken out in the one pass that reads the record. */
function textOf(plan: ReadPlan, survey: Survey, keys: readonly string[]): string {
  if (survey.sample.kind === 'csv') return columnText(survey, keys)
  if (!keys.every(isAddressable))
    return `CASE WHEN readable THEN json_extract_string(text, ${quoteText(pointerOf(keys))}) END`
  return survey.shape.has(JSON.stringify(keys))
    ? plan.document.unlessObject(...keys)
    : plan.document.nearest(...keys)
}

/** True for a plain value of the sample that may be an object elsewhere. */
const mayHide = (survey: Survey, keys: readonly string[]): boolean =>
  keys.every(isLookedInto) && !survey.shape.has(JSON.stringify(keys)) && !keys.some(holdsNul)

/** SQL for the name of a place whose object speaks of money though the sample has none there. */
const hiddenObject = (keys: readonly string[], text: string): string =>
  `CASE WHEN starts_with(${text}, '{') AND regexp_matches(${text}, ${quoteText(innerMoney)}) THEN ${quoteText(shown(keys))} END`

/** Counts in the text of an object that was printed, and is no JSON: `CompletionUsage(prompt_tokens=9, …)`. */
const printedCount = String.raw`(?i)[a-z_]*tokens?(?:_?count)?['"]?\s*[=:]\s*[0-9]*[1-9]`
const isPrinted = new RegExp(printedCount.slice(4), 'i')

/** Places of the sample at which a text prints an object with counts: elsewhere they are not looked for. */
function printedPlaces({ sample }: Survey): string[][] {
  const found = new Map<string, string[]>()
  const walk = (value: unknown, path: string[]): void => {
    if (typeof value === 'string') {
      const isText = /^\s*(?:[[{].*[\]}]|\w+\(.*\))\s*$/s.test(value) && !/^\s*\{\s*"/.test(value)
      // What the model said may look so too; what was printed of its answer speaks of usage.
      const isAnswer = !path.some(bearsOnMoney)
      if (isText && isPrinted.test(value) && (!isAnswer || /usage/i.test(value)))
        found.set(JSON.stringify(path), path)
    } else if (typeof value === 'object' && value !== null && !Array.isArray(value) && path.length < 4) {
      for (const [key, inner] of Object.entries(value))
        if (isLookedInto(key) && !holdsNul(key)) walk(inner, [...path, key])
    }
  }
  for (const record of sample.records) walk(record, [])
  return [...found.values()]
}

/**
 * SQL for the name of a place whose text prints an object with counts.
 * @param named where the text begins as JSON does, the place is named anyway
 */
const printedObject = (keys: readonly string[], text: string, named: boolean): string =>
  `CASE WHEN ${named ? `NOT (starts_with(${text}, '{') OR starts_with(${text}, '[')) AND ` : ''}regexp_matches(${text}, ${quoteText(printedCount)}) THEN ${quoteText(shown(keys))} END`

/** A number above 0 under a key of usage or money, in the text of an object. */
const innerMoney = `(?i)"([^"]*(?:token|cost|price|spend|tier|speed|usage)[^"]*)"\\s*:\\s*"?[0-9.]*[1-9]`

function columnText(survey: Survey, [column = '', ...inner]: readonly string[]): string {
  const cell = `c${survey.sample.header.indexOf(column)}`
  if (inner.length === 0) return cell
  return `CASE WHEN json_valid(${cell}) THEN json_extract_string(${cell}, ${quoteText(pointerOf(inner))}) END`
}

/**
 * SQL for the name of a suspect where the record has something there: a number above 0 that no used one
 * repeats, or a list with digits. What an object holds is looked at key by key; a text may be a label.
 */
function suspectSql(suspect: Suspect, plan: ReadPlan, looked: boolean): string {
  const { keys, text } = suspect
  // No SQL has the sign in a text: that such a key is there is all that can be asked.
  if (keys.some(holdsNul)) return `CASE WHEN contains(text, '\\u0000') THEN ${quoteText(shown(keys))} END`
  const number = `TRY_CAST(${text} AS DOUBLE)`
  const said = saidElsewhere(comparable(keys.at(-1) ?? ''), number, plan)
  const counts = said === undefined ? `${number} > 0` : `(${number} > 0 AND NOT coalesce(${said}, false))`
  // Of an object that was not looked into, any number tells.
  const holds = `((starts_with(${text}, '[')${looked ? '' : ` OR starts_with(${text}, '{')`}) AND regexp_matches(${text}, '[1-9]'))`
  return `CASE WHEN ${counts} OR ${holds} THEN ${quoteText(shown(keys))} END`
}

/**
 * SQL: the number under a well-known name says again what was used, or is a part of the cost that was.
 * Gateways write the same counts in several places.
 */
function saidElsewhere(name: string, number: string, plan: ReadPlan): string | undefined {
  const field = [...usageFields, 'reported_cost_usd' as const].find((one) => fieldNames[one]?.includes(name))
  const used = field === undefined ? undefined : plan.fields[field]
  if (used !== undefined) return `abs(${number} - TRY_CAST(${used} AS DOUBLE)) <= 1e-9 * ${number}`
  // Whether those of tools stand inside the input or beside it, the total tells.
  if (
    plan.toolTokens !== undefined &&
    plan.totalTokens !== undefined &&
    ['tool', ...toolTokenNames].includes(name)
  )
    return `TRY_CAST(${plan.totalTokens} AS DOUBLE) > 0`
  if (totalTokenNames.includes(name)) return `${number} IN (${sums(plan).join(', ')})`
  const cost = plan.fields.reported_cost_usd
  const partOfCost = [...costPartNames.flat(), ...derivedNames].includes(name) && name.includes('cost')
  return partOfCost && cost !== undefined ? `TRY_CAST(${cost} AS DOUBLE) > 0` : undefined
}

/** SQL for the totals of tokens that the counts which are used may add up to. */
function sums({ fields, totalTokens }: ReadPlan): string[] {
  const of = (...names: CallField[]): string =>
    [
      '0',
      ...names.flatMap((name) =>
        fields[name] === undefined ? [] : [`coalesce(TRY_CAST(${fields[name]} AS DOUBLE), 0)`],
      ),
    ].join(' + ')
  const cached = ['cache_read_input_tokens', 'cache_creation_input_tokens'] as const
  return [
    of('input_tokens', 'output_tokens'),
    of('input_tokens', 'output_tokens', ...cached),
    of('input_tokens', 'output_tokens', 'reasoning_output_tokens'),
    ...(totalTokens === undefined ? [] : [`TRY_CAST(${totalTokens} AS DOUBLE)`]),
  ]
}

const holdsNul = (key: string): boolean => key.includes('\u0000')

/** The name under which a place is told: it stands in a list, and on a terminal. */
const shown = (keys: readonly string[]): string =>
  keys
    .join('.')
    .replaceAll(/[\p{Cc};]/gu, '?')
    .slice(0, nameLimit)
