/**
 * Which keys of a record bear on money, judged by their names alone; and which names that look so are free
 * of money, with the reason.
 */

/** Words of a name: `promptTokensDetails`, `prompt_tokens_details` → prompt, tokens, details. */
export function wordsOf(name: string): string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
}

const moneyWords = new Set([
  'token', 'tokens', 'tok', 'toks', 'ktok', 'mtok', 'cost', 'costs', 'price', 'prices', 'pricing', 'spend', 'spent', 'tier', 'speed',
  'usd', 'eur', 'cents', 'dollars', 'credit', 'credits', 'charge', 'charged', 'charges', 'fee', 'fees', 'billed',
  'billing', 'billable', 'usage', 'metering',
]) // prettier-ignore

/** Names written in one go: `prompttokens`, `totalcost`. */
const joinedMoney = /tokens|(?:^|[a-z])cost(?:s|usd)?$|^cost|price|spend/

/** Names that say of a number alone what it counts: tokens, or searches. */
const bareCounts = new Set([
  'thinking', 'thoughts', 'reasoning', 'cached', 'cachedinput', 'inputcached', 'cachedprompt', 'uncachedinput',
  'uncached', 'cacheread', 'cachereads', 'cachewrite', 'cachewrites', 'cachecreation', 'searches',
]) // prettier-ignore

/** True for a key under which a number is, or may be, about usage or money. */
export function bearsOnMoney(name: string): boolean {
  const words = wordsOf(name)
  if (bareCounts.has(words.join(''))) return true
  return words.some((word) => moneyWords.has(word) || joinedMoney.test(word))
}

/** Names of money that say it at the top of a record alone: elsewhere they are an application's own data. */
const moneyAtTop =
  /^(?:net|gross|total|final|sum|due|in|is|call|request|llm|api|batch)*(?:amounts?|paid|bills?|invoiced?|expenses?|money|payments?|discount(?:ed)?|surcharge|markup)(?:amount|total|net|gross|due|charged|spent|paid|value)*$/

/** True for the keys of a number that may be the money of the call. */
export const mayBeMoney = (keys: readonly string[]): boolean =>
  keys.some(bearsOnMoney) || (keys.length === 1 && moneyAtTop.test(joined(keys[0]!)))

/** Words that make a name free of money whatever else it says. The reason stands first. */
const freeWords: readonly (readonly [reason: string, words: readonly string[]])[] = [
  [
    'a time',
    ['ms', 'millis', 'milliseconds', 'seconds', 'sec', 'secs', 'ns', 'us', 'duration', 'latency', 'time', 'at', 'ts', 'timestamp', 'date', 'elapsed', 'ttft', 'created', 'updated'],
  ],
  [
    'a limit, not a use',
    ['max', 'min', 'limit', 'limits', 'limited', 'remaining', 'reset', 'budget', 'quota', 'window', 'capacity', 'threshold', 'allowed', 'requested', 'reserved'],
  ],
  ['a rate', ['per', 'rate', 'rates', 'ratio', 'percent', 'percentage', 'pct', 'share', 'tps', 'throughput', 'multiplier']],
  ['money or tokens that were not used', ['saved', 'savings', 'saving', 'avoided']],
  ['an identifier', ['id', 'ids', 'hash', 'version', 'index', 'uuid', 'bytes', 'logprob', 'logprobs']],
] // prettier-ignore

/** Names inside usage objects that split a total which is counted already, at the price of that total. */
const partsOfTotals = new Set([
  'texttokens', 'prompttexttokens', 'completiontexttokens', 'promptcachemisstokens', 'cachemisstokens',
  'acceptedpredictiontokencount', 'rejectedpredictiontokencount', 'nocache', 'textprompttokens', 'textcandidatestokens',
  'acceptedpredictiontokens', 'rejectedpredictiontokens', 'ephemeral5minputtokens', 'nocachetokens', 'uncachedtokens',
  'uncachedinputtokens', 'inputuncachedtokens', 'inputtokensnocache',
]) // prettier-ignore

/** Tools that a provider runs during the call without a charge of their own. */
const freeTools = new Set(['webfetchrequests'])

/** Speech and pictures are sold by their length too: inside a usage object it is no mere time. */
const isSpeech = /(?:audio|video|speech)(?:seconds?|minutes?|secs?|duration)/

const joined = (name: string): string => wordsOf(name).join('')

/**
 * Why a key that bears on money needs no price: it is a time, a limit, a rate, a part of a counted total …
 * @param keys the keys from the record down to it; a container that is free frees what it holds
 * @returns undefined when nothing frees it
 */
export function freeOfMoney(keys: readonly string[]): string | undefined {
  const leaf = joined(keys.at(-1) ?? '')
  if (partsOfTotals.has(leaf)) return 'a part of a counted total'
  if (freeTools.has(leaf)) return 'a tool without a charge'
  if (isSpeech.test(leaf) && keys.slice(0, -1).some((key) => /usage/.test(joined(key)))) return undefined
  for (const key of keys) {
    const words = wordsOf(key)
    const found = freeWords.find(([, free]) => words.some((word) => free.includes(word)))
    if (found) return found[0]
  }
  return undefined
}

/** Containers of prompts, answers and what the model was given: what a number there says is somebody's text. */
const contents = new Set([
  'messages', 'message_history', 'content', 'contents', 'prompt', 'prompts', 'choices', 'candidates', 'tools',
  'toolchoice', 'toolcalls', 'toolcall', 'tooluseresult', 'toolresult', 'toolresults', 'functions', 'function',
  'functioncall', 'arguments', 'args', 'parts', 'text', 'documents', 'document', 'history', 'instructions', 'inputs',
  'system', 'systemprompt', 'systeminstruction', 'schema', 'responseformat', 'examples', 'snapshot', 'todos',
  'question', 'answer', 'query', 'embedding', 'embeddings', 'logprobs', 'transcript', 'artifacts', 'inputbodyjson',
  'invocationparams', 'modelmapinformation', 'headers', 'promptfilterresults', 'contentfilterresults', 'stacktrace',
  'traceback',
]) // prettier-ignore

/** True for a key whose object may hold usage or money: wrappers and labels, not prompts and answers. */
export const isLookedInto = (key: string): boolean => !contents.has(joined(key))

/** Wrappers that hold usage beside content: a number there counts only where its own name speaks of usage. */
const wrappers = new Set([
  'input',
  'output',
  'request',
  'response',
  'body',
  'result',
  'data',
  'payload',
  'completion',
  'parameters',
  'params',
])

/** True when the keys lead through what may be somebody's own answer, with nothing of usage on the way. */
export function isSomebodysText(keys: readonly string[]): boolean {
  const inside = keys.slice(0, -1)
  if (inside.some((key) => /usage|tokens|billed|metering/.test(joined(key)))) return false
  const leaf = joined(keys.at(-1) ?? '')
  return inside.some((key) => wrappers.has(joined(key))) && !/tokens|usage|costusd|usd|spend/.test(leaf)
}
