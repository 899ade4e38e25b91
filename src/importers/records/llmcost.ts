import type { CallField } from '../../domain/call.js'
import { Document, firstOf } from '../document.js'
import type { Importer, ReadPlan } from '../importer.js'
import type { Survey } from '../survey.js'
import { askedAtAzure, orAzure } from '../providers/azure-marks.js'
import { exportedPlan, isExported } from './exported.js'
import { unitOfName } from './cost-fields.js'
import { comparable } from './comparable.js'
import { costPartNames, fieldNames, totalTokenNames } from './field-names.js'
import { isContainer } from './named-entries.js'
import { namedFields } from './named-fields.js'
import { isTotalRow, totalRow } from './total-rows.js'
import { isTracked, trackedPlan } from './tracked.js'

/** Our own call record, as JSONL or CSV, forgiving in its names. */
export const llmcost: Importer = {
  id: 'llmcost',
  writer: 'own',
  about: 'a record a call, JSONL, JSON or CSV, under the names that trackers and tutorials use',
  example:
    '{"timestamp": "2026-10-05T08:00:00Z", "model": "gpt-4o", "user_id": "u1", "feature": "chat", "input_tokens": 812, "output_tokens": 96}',
  recognisedBy: 'a time, and tokens or a cost, under any of the names that are understood',
  lacks: 'what it does not say',
  detects(sample) {
    const keys = sample.kind === 'csv' ? sample.header : sample.records.flatMap(keysWithin)
    const names = new Set(keys.map(comparable))
    const any = (list: readonly string[] | undefined): boolean => (list ?? []).some((name) => names.has(name))
    const usage =
      any(fieldNames.input_tokens) ||
      any(fieldNames.output_tokens) ||
      any(fieldNames.reported_cost_usd) ||
      [...names].some((name) => unitOfName(name) !== undefined)
    return (
      any(fieldNames.ts) &&
      (usage || any(totalTokenNames) || costPartNames.every(any) || any(fieldNames.error))
    )
  },
  isCertain(sample) {
    const keys = sample.kind === 'csv' ? sample.header : sample.records.flatMap(keysWithin)
    const names = new Set(keys.map(comparable))
    const any = (field: CallField): boolean => (fieldNames[field] ?? []).some((name) => names.has(name))
    // A table of days and costs may be anything; one that names a model and its tokens is not.
    return (
      llmcost.detects(sample) &&
      (any('request_model') || any('response_model')) &&
      (any('input_tokens') || any('output_tokens') || totalTokenNames.some((name) => names.has(name)))
    )
  },
  plan(survey) {
    if (isExported(survey.keys)) return exportedPlan(survey)
    if (isTracked(survey)) return trackedPlan(survey)
    const document = Document.for(survey)
    const named = namedFields(survey, document)
    const { foundUnder, tags, totalTokens, toolTokens, costParts, relativeTimeUnit } = named
    const { idKind, spans, tierTakenFor, addedUp } = named
    const tier = firstOf(named.fields.service_tier, named.askedTier)
    const fields = tier === undefined ? named.fields : { ...named.fields, service_tier: tier }
    const beside = rawUsage(survey, document)
    const provider = orAzure(fields.provider, askedAtAzure(survey, document))
    return {
      document,
      fields: provider === undefined ? fields : { ...fields, provider },
      foundUnder,
      cacheTokens: 'included',
      ...(survey.sample.kind === 'csv' ? withoutTotals(fields) : inSeconds(survey, document)),
      costParts,
      addedUp,
      moneyFree: sumsBeside(survey),
      relativeTimeUnit,
      ...(idKind === undefined ? {} : { idKind }),
      ...(spans === undefined ? {} : { spans }),
      ...(tags === undefined ? {} : { tags }),
      ...(tierTakenFor === undefined ? {} : { tierTakenFor }),
      ...(beside === undefined ? {} : { cacheTokensBeside: beside }),
      ...(totalTokens === undefined ? {} : { totalTokens }),
      ...(toolTokens === undefined ? {} : { toolTokens }),
    }
  },
}

/** A row of a table that adds up others is no call, and is named. */
const withoutTotals = (fields: ReadPlan['fields']): Partial<ReadPlan> => {
  const isTotal = isTotalRow(fields)
  return { isCall: `NOT ${isTotal}`, unread: `CASE WHEN ${isTotal} THEN '${totalRow}' END` }
}

/** What a transcript is billed by, where its usage says that it is no tokens. */
const inSeconds = (survey: Survey, document: Document): Partial<ReadPlan> => {
  const keys = survey.innerKeys.get('usage') ?? []
  if (!keys.includes('type') || !keys.includes('seconds')) return {}
  const usage = document.embedded('usage')
  return { unread: `CASE WHEN ${usage.text('type')} = 'duration' AND TRY_CAST(${usage.text('seconds')} AS DOUBLE) > 0 THEN 'usage.seconds' END` } // prettier-ignore
}

/** Counts of a provider beside the framework's own sums of them, which count. */
function sumsBeside(survey: Survey): NonNullable<ReadPlan['moneyFree']> {
  const keys = survey.innerKeys.get('usage') ?? []
  return ['input_tokens', 'output_tokens']
    .filter((name) => keys.includes(name))
    .map((name) => ({ path: ['usage', 'details', name], reason: "the provider's own count; the sum counts" }))
}

/**
 * SQL: true where a record's `usage` is the object that the Anthropic API answers with, written down as it
 * is: what only it has shows that input excludes cached tokens. Undefined where no record has such.
 */
function rawUsage(survey: Survey, document: Document): string | undefined {
  const keys = survey.innerKeys.get('usage') ?? []
  const marks = ['cache_creation', 'server_tool_use', 'inference_geo'].filter((key) => keys.includes(key))
  if (survey.sample.kind === 'csv' || marks.length === 0 || !keys.includes('input_tokens')) return undefined
  const usage = document.embedded('usage')
  const plain = keys.includes('prompt_tokens') ? ` AND ${usage.text('prompt_tokens')} IS NULL` : ''
  return `(coalesce(${marks.map((key) => usage.text(key)).join(', ')}) IS NOT NULL AND ${usage.text('input_tokens')} IS NOT NULL${plain})`
}

function keysWithin(record: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(record).flatMap(([key, value]) =>
    isContainer(key) && typeof value === 'object' && value !== null ? [key, ...Object.keys(value)] : [key],
  )
}
