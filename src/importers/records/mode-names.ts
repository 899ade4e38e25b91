/**
 * Names under which people write the mode of a call, beside those that are fields: a tier, a flag of a batch,
 * a speed, where it was served. The words there decide: what is certain is used, the rest is named.
 */
import { comparable } from './comparable.js'
import { at } from '../sample-values.js'
import type { Sample } from '../survey.js'
import { wordsOf } from '../unread/money.js'
import { isTierWord } from './tier-words.js'

/** Names of a service tier wherever they stand. */
const tierNames = new Set(['servicetier', 'processingtier', 'traffictype'])

/** Names that may say a service tier, where all the words under them are those of tiers. */
const modeNames = new Set([
  'tier', 'tiername', 'pricingtier', 'billingtier', 'latencytier', 'inferencetier', 'requesttier', 'apitier', 'llmtier',
  'mode', 'llmmode', 'apimode', 'callmode', 'requestmode', 'executionmode', 'inferencemode', 'processingmode',
  'processing', 'processingtype', 'pricingmode', 'pricingtype', 'billingmode', 'servicemode',
]) // prettier-ignore

/** The last key that says something: of `serviceTier.type` the first. */
const speakingKey = (path: readonly string[]): string => {
  const leaf = comparable(path.at(-1) ?? '')
  const above = comparable(path.at(-2) ?? '')
  return ['type', 'name', 'value', 'tier'].includes(leaf) && tierNames.has(above) ? above : leaf
}

export const isTierName = (path: readonly string[]): boolean => tierNames.has(speakingKey(path))
export const isModeName = (path: readonly string[]): boolean => modeNames.has(speakingKey(path))

/** Objects that hold what was asked for: the answer may have been served at another tier. */
const requests =
  /^(?:request|req|options?|params?|parameters|config|configuration|kwargs|settings|modelparameters|requestparams|requestbody|optionalparams|litellmparams|proxyserverrequest)$/
export const isOfRequest = (path: readonly string[]): boolean =>
  path.slice(0, -1).some((key) => requests.test(comparable(key)))

/**
 * True for a place whose distinct words over the whole file decide what it means: a tier, or a batch's number
 * or flag. Where the sample has other words already it is a label, and the file need not be asked.
 */
export function isDecidedByWords(path: readonly string[], sample: Sample): boolean {
  if (path.length > 3) return false
  const isBatch = comparable(path.at(-1) ?? '') === 'batch'
  if (!isBatch && !isTierName(path) && !isModeName(path)) return false
  return sampled(path, sample).every((value) => isBatch || isTierWord(value))
}

/** Texts of the plain values that the sample has at a place. */
export const sampled = (path: readonly string[], sample: Sample): string[] =>
  sample.records
    .map((record) => at(record, ...path))
    .filter((value) => value !== undefined && value !== null && value !== '' && typeof value !== 'object')
    .map(String)

/** True where 1 under `batch` is a flag: the file has both its values and no other. */
export function isFlagOfBatch(words: readonly string[]): boolean {
  const known = words.map((word) => word.trim().toLowerCase()).filter((word) => word !== '')
  const truths = ['1', '1.0', 'true', 't', 'yes']
  return (
    known.every((word) => [...truths, '0', '0.0', 'false', 'f', 'no'].includes(word)) &&
    known.some((word) => truths.includes(word)) &&
    known.some((word) => !truths.includes(word))
  )
}

/** Ids by which OpenAI and Anthropic name a batch, as a regular expression of SQL. */
export const batchIds = 'msgbatch_[A-Za-z0-9]{8,}|batch_[A-Za-z0-9]{20,}'

/** True for names of the batch that a call was in: `batch_id`, `openaiBatchId`, `batch`. */
export function isNameOfBatch(key: string): boolean {
  const words = wordsOf(key)
  return words.includes('batch') && (words.length === 1 || words.includes('id'))
}

/** Words that alone make a flag of a mode, in company of the others. */
const modeFlags = new Set(['batch', 'batched', 'flex', 'priority', 'fast'])
const besideFlags = new Set([
  ...modeFlags, 'is', 'in', 'use', 'uses', 'used', 'using', 'via', 'was', 'enable', 'enabled', 'api', 'mode', 'tier', 'processing', 'request',
  'call', 'pricing', 'priced', 'discount', 'discounted', 'llm', 'openai', 'anthropic', 'gemini', 'service', 'latency', 'optimized', 'optimised',
]) // prettier-ignore

/** The tier, speed or `optimized` that is meant where a key of this name is true; undefined for every other name. */
export function flagMeaning(key: string): string | undefined {
  const words = wordsOf(key)
  if (words.length === 0 || !words.every((word) => besideFlags.has(word))) return undefined
  const flag = words.find((word) => modeFlags.has(word))
  if (flag !== undefined) return flag === 'batched' ? 'batch' : flag
  const isOptimized = words.some((word) => /^optimi[sz]ed$/.test(word)) && words.includes('latency')
  return isOptimized ? 'optimized' : undefined
}

/** Words in a name that say whose label it is: the application's own. */
const ownWords = new Set([
  'feature', 'job', 'task', 'team', 'user', 'customer', 'client', 'tenant', 'org', 'organization', 'account', 'project', 'app',
  'application', 'name', 'title', 'label', 'labels', 'tag', 'tags', 'category', 'queue', 'worker', 'pipeline', 'workflow', 'flow',
  'stage', 'source', 'trigger', 'triggered', 'origin', 'channel', 'group', 'branch', 'cron', 'schedule', 'scheduler', 'script',
  'command', 'tool', 'agent', 'page', 'screen', 'event', 'action', 'topic', 'bucket', 'dataset', 'experiment', 'campaign', 'status',
  'state', 'phase', 'owner', 'department', 'env', 'environment', 'host', 'node', 'pod', 'container', 'namespace', 'cluster', 'function',
  'module', 'component', 'product', 'plan', 'role', 'purpose', 'intent', 'usecase', 'case', 'reason', 'note', 'comment', 'service',
  'id', 'ids', 'version', 'size', 'index', 'number', 'count', 'model', 'provider', 'prompt', 'error', 'message', 'level', 'severity',
  'segment', 'endpoint', 'route', 'url', 'path', 'class', 'ticket', 'issue', 'conversation', 'session', 'program', 'entrypoint',
]) // prettier-ignore

/** True for a label of the application's own: it may speak of batches that are no provider's. */
export const isOwnLabel = (path: readonly string[]): boolean =>
  wordsOf(path.at(-1) ?? '').some((word) => ownWords.has(word))

/** A name of what served the call, or of a program of one's own. */
export const isServiceName = (path: readonly string[]): boolean =>
  ['service', 'serviceclass', 'servicelevel', 'class'].includes(comparable(path.at(-1) ?? ''))

/** True for a list of tags. */
export const isListOfTags = (key: string): boolean => /^(?:request_?)?tags$|^labels$/i.test(key)

/** Words of a name that speak of the mode of a call, whatever else it says. */
export const speaksOfMode = (path: readonly string[]): boolean =>
  path.slice(-2).some((key) =>
    wordsOf(key).some((word) => ['tier', 'mode', 'processing', 'batch', 'qos', 'latency', 'performance', 'speed', 'priority'].includes(word)),
  ) // prettier-ignore

/** Names of an address that was called. */
export const isAddress = (path: readonly string[]): boolean =>
  /^(?:request|api|http|llm|call|base|full|provider|openai|anthropic|gemini|azure)*(?:url|uri|path|endpoint|route|base|host|hostname|target)$/.test(
    comparable(path.at(-1) ?? ''),
  )

/** Names of where a call was to stay, beside the fields of that. */
export const isResidency = (path: readonly string[]): boolean =>
  /^(?:openai|request|api|inference|data)*(?:dataresidency|residency|inferencegeo|inferenceregion|datazone)(?:region)?$/.test(
    comparable(path.at(-1) ?? ''),
  )

/** Words of no place in particular, and of a switch that is off. */
export const noPlaces = ['', 'global', 'not_available', 'default', 'unknown', 'none', 'null', 'auto', 'any', 'false', 'no', 'off', '0', 'disabled', 'standard'] // prettier-ignore
