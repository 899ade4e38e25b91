/**
 * Currencies that a record speaks of and that its plan does not put behind the cost: the cost is read as
 * dollars, and that is told. No figure changes by a word that may be about something else.
 */
import { saysDollars, unitOfName } from '../records/cost-fields.js'
import { isCode, isExchangeRate, isNear, isOtherMoney, speaksOfCurrency } from '../records/currency-names.js'
import { comparable } from '../records/comparable.js'
import { firstOf } from '../document.js'
import { pathKeyOf, type Survey } from '../survey.js'
import type { ReadPlan } from '../importer.js'
import { isLookedInto } from './money.js'
import { isUnknownLabel, namesOf, type Spoken } from './unread-modes.js'

/** SQL: a rate that changes something. */
const isNotOne = (text: string): string =>
  `TRY_CAST(${text} AS DOUBLE) > 0 AND TRY_CAST(${text} AS DOUBLE) <> 1`

/** Most places that are asked one by one. */
const mostDoubts = 40

/**
 * SQL for the names of what may say that the cost, which is read as dollars, is in another currency.
 * @param at SQL for the text at a place, and its name
 */
export function doubtfulCurrencies(
  plan: ReadPlan,
  survey: Survey,
  places: readonly (readonly string[])[],
  at: (path: readonly string[]) => Spoken,
): string[] {
  const cost = firstOf(plan.fields.reported_cost_usd, ...(plan.costParts ?? []))
  if (cost === undefined) return []
  const read = plan.document.pathsIn([cost])
  const pathKey = pathKeyOf(survey)
  const used = new Set(read.map(pathKey))
  const costs = read.filter((path) => !speaksOfCurrency(path))
  const isSaid = costs.length > 0 && costs.every(saysItself)
  const isUsed = (path: readonly string[]): boolean => used.has(pathKey(path))
  const open = places
    .filter((path) => path.every(isLookedInto) && !survey.shape.has(JSON.stringify(path)))
    .filter((path) => !isUsed(path) || (speaksOfCurrency(path) && costs.some(saysItself)))
  const speaking = open.filter((path) => speaksOfCurrency(path) && (isUsed(path) || !isSaid || isNear(path, costs)))
  const others = isSaid ? [] : open.filter((path) => !speaksOfCurrency(path))
  const asked = (paths: readonly (readonly string[])[]): Spoken[] => paths.slice(0, mostDoubts).map(at)
  // Of two costs the one that does not say dollars is what a currency speaks of.
  const alone = costs.filter((path) => !saysItself(path)).map((path) => `${at(path).text} IS NULL`)
  const isDollars = `TRY_CAST(${cost} AS DOUBLE) > 0`
  const names = (paths: readonly (readonly string[])[], guard: (text: string) => string, when = isDollars): string[] =>
    namesOf(asked(paths), guard, [{ when }], { prefix: 'currency in doubt: ', word: (text) => `trim(${text})` })
  return [
    ...names(speaking.filter((path) => !isUsed(path)), isOtherMoney),
    ...names(speaking.filter(isUsed), isOtherMoney, [isDollars, ...alone].join(' AND ')),
    ...names(others.filter(isExchangeRate), isNotOne),
    ...names(others.filter((path) => !isExchangeRate(path) && isUnknownLabel(path, survey)), isCode),
  ]
} // prettier-ignore

/** True for a cost whose name says its currency. */
function saysItself(path: readonly string[]): boolean {
  const name = comparable(path.at(-1)!)
  return saysDollars(name) || unitOfName(name) !== undefined
}
