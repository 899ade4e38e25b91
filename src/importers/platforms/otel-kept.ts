/**
 * Which attributes of OTLP's records are read: the rule of otel-records.ts, for who keeps requests before they are
 * read. What it says no to, no call is made of, and may be what people and models wrote.
 */
import { contentPattern, harmlessPattern, isContent } from '../records/content-names.js'
import { bare, labelPrefixes, knownNames, usageTexts } from './otel-names.js'

/** Keys of spans and events that may be about models. */
export const ofModels = String.raw`^(?:gen_ai|llm|ai|embedding|openinference|traceloop|langfuse|langsmith|mlflow|litellm)\.|^event\.name$|token`

/** Keys that may bear on money, whoever wrote them. */
export const onMoney = '(?i)tok(?:en)?s?|cost|price|pricing|spen[dt]|usage|tier|speed|usd|eur|cents|dollar|credit|charge|fee|bill|metering|cache|reasoning|thinking|thoughts|searches' // prettier-ignore

/** Keys of the machinery around a call, and of what is known of it otherwise. */
export const machinery = '^(?:gen_ai|llm|ai|embedding|openinference|gcp|service[.]instance|input|output|http|net|network|server|client|peer|url|user_agent|telemetry|process|host|os|k8s|container|cloud|faas|thread|code|rpc|db|messaging|otel|exception|tool|document|retrieval|reranker)[._]' // prettier-ignore

/** Labels in the machinery's own names that are people's. */
export const labelled = `^(?:${[...labelPrefixes, 'tag.'].map((prefix) => prefix.replaceAll('.', String.raw`\.`)).join('|')})`

/** Of keys on money: those whose short words are read, beside numbers. */
export const worded = '(?i)tier|speed|usage|cost|price'

/** Longest texts, bytes: of a value, of counts as JSON, of a label and of its key, of a word on money. */
export const longest = { value: 300, json: 4000, label: 200, key: 100, word: 40 } as const

/** A pattern of the engine's for JavaScript. */
const pattern = (text: string): RegExp =>
  text.startsWith('(?i)') ? new RegExp(text.slice(4), 'iu') : new RegExp(text, 'u')

const patterns = {
  ofModels: pattern(ofModels),
  onMoney: pattern(onMoney),
  machinery: pattern(machinery),
  labelled: pattern(labelled),
  worded: pattern(worded),
  content: pattern(contentPattern),
  harmless: pattern(harmlessPattern),
}

/** All that the engine takes for a number, and a little more. */
const number = /^[\s\d.,eE_+-]*$|^\s*[+-]?(?:inf|infinity|nan)\s*$/i

const known = new Set(knownNames)
const usage = new Set(usageTexts)

/** Why an attribute is kept: a plan knows its name, it may bear on money, it is a label. */
export type Kept = 'known' | 'money' | 'label'

/**
 * What an attribute is kept as; undefined where it is not.
 * @param text its value where that is a text, else empty
 * @param ofSpans false for an attribute of the process, where nothing bears on money
 */
export function keptAs(key: string, text: string, ofSpans: boolean): Kept | undefined {
  const bytes = Buffer.byteLength(text)
  if (bytes > longest.value) return ofSpans && bytes <= longest.json && usage.has(key) ? 'known' : undefined
  if (known.has(key)) return 'known'
  if (ofSpans && patterns.onMoney.test(key) && isFigure(key, text, bytes)) return 'money'
  // Of those that the engine keeps, some become no tag.
  return isLabel(key, bytes) && !(ofSpans && isContent(bare(key))) ? 'label' : undefined
}

const isFigure = (key: string, text: string, bytes: number): boolean =>
  number.test(text) || (bytes <= longest.word && patterns.worded.test(key))

function isLabel(key: string, bytes: number): boolean {
  if (bytes > longest.label || Buffer.byteLength(key) > longest.key) return false
  if (patterns.machinery.test(key)) return patterns.labelled.test(key)
  const words = key.replaceAll(/([a-z])([A-Z])/g, '$1 $2')
  return !patterns.content.test(words) || patterns.harmless.test(key)
}

/** True for a key of a span or event that may be about models. */
export const isOfModels = (key: string): boolean => patterns.ofModels.test(key)
