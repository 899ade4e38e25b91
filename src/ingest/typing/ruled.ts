/** The layers of SQL in which the rules on tokens act, one after the other. */
import type { CallField } from '../../domain/call.js'
import { withoutQuotations } from '../../domain/words/error-text.js'
import type { ReadPlan } from '../../importers/importer.js'
import * as casts from './casts.js'
import type { ReadOptions } from '../options.js'
import { asksCacheReading, tokenRules, type TokenRule } from './token-rules.js'
import { cached, totalSaysInside, write } from './token-terms.js'

/**
 * The typed records as the rules leave them: each rule a boolean column of its name beside them.
 * @param typed SELECT of the layer of `typedColumns`
 */
export function ruledSql(
  typed: string,
  plan: ReadPlan,
  options: ReadOptions,
  has: (field: CallField) => boolean,
): string {
  const rules = tokenRules(plan, options, has)
  const isCacheRule = ({ name }: TokenRule): boolean => name.startsWith('cache_tokens_')
  const before = [conventions(plan, has), ...rules.filter(isCacheRule).flatMap(layersOf)]
  const asked = asksCacheReading(plan, options, has) ? [cacheReading(plan)] : []
  const after = rules.filter((rule) => !isCacheRule(rule)).flatMap(layersOf)
  return [...before, ...asked, ...after].reduce((from, layer) => `SELECT ${layer} FROM (${from})`, typed)
}

/** A rule is decided in one layer and acts in the next, so that it is decided once. */
function layersOf({ name, when, repairs }: TokenRule): string[] {
  const acts = Object.entries(repairs ?? {}).map(
    ([column, sql]) => `CASE WHEN ${name} THEN ${sql} ELSE ${column} END AS ${column}`,
  )
  return [
    `*, coalesce(${when}, false) AS ${name}`,
    ...(acts.length === 0 ? [] : [`* REPLACE (${acts.join(', ')})`]),
  ]
}

/** What is the same in every source, and needs no rule. */
function conventions(plan: ReadPlan, has: (field: CallField) => boolean): string {
  // Where no record has an error, twenty patterns need not be made ready.
  const error = has('error') ? "CASE WHEN lower(error) = 'false' THEN NULL ELSE error END" : 'error'
  const replaced = [
    'coalesce(feature, endpoint) AS feature',
    ...(has('error') ? [`left(${withoutQuotations(error)}, 200) AS error`] : []),
    ...(has('cache_creation_1h_input_tokens')
      ? [
          `CASE WHEN cache_creation_input_tokens IS NOT NULL OR cache_creation_1h_input_tokens IS NOT NULL THEN ${write} END AS cache_creation_input_tokens`,
        ]
      : []),
  ]
  const status = casts.status(
    'raw_status',
    error,
    (has('status') || has('error')) && plan.readBefore !== true,
  )
  return `* REPLACE (${replaced.join(', ')}), ${status} AS status`
}

/**
 * Of a record with cached tokens: which reading its own counts prove, else that it is open; and its shape,
 * the names that bear on it. The habit of a shape is found where all its records are (cache-reading.ts).
 */
function cacheReading(plan: ReadPlan): string {
  const inside = plan.totalTokens === undefined ? '' : ` WHEN ${totalSaysInside} THEN 'included'`
  const open = plan.cacheTokensOpen === undefined ? '' : ' AND cache_open'
  return `*, CASE WHEN ${cached} > 0${open} THEN CASE WHEN cache_tokens_beside THEN 'excluded'${inside} ELSE 'open' END END AS cache_reading`
}
