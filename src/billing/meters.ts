/** What the words of a meter, a unit and a party mean, as SQL over their text. */

const like = (text: string, pattern: string): string => `regexp_matches(lower(${text}), '${pattern}')`

/**
 * SQL: which tokens a meter counts, of `billedTokenTypes`; NULL where its words tell none. Caches come first: what
 * is read from one is called cached input too.
 */
export function tokenTypeOf(meter: string): string {
  return `CASE WHEN ${meter} IS NULL THEN NULL
    WHEN ${like(meter, 'cach(e|ing)|cchd')} AND ${like(meter, 'write|creation|creating')} AND ${like(meter, '(^|[^0-9])(1 ?h|1 ?hour|60 ?min)')} THEN 'cache_write_1h'
    WHEN ${like(meter, 'cach(e|ing)|cchd')} AND ${like(meter, 'write|creation|creating')} THEN 'cache_write'
    WHEN ${like(meter, 'cach(e|ing)|cchd')} AND NOT ${like(meter, 'storage|hour')} THEN 'cache_read'
    WHEN ${like(meter, 'output|outp|(^|[^a-z])(out?|opt)([^a-z]|$)|response|completion')} THEN 'output'
    WHEN ${like(meter, 'input|prompt|(^|[^a-z])inp?([^a-z]|$)|inpt')} THEN 'input'
    WHEN ${like(meter, 'embed')} AND ${like(meter, 'token')} THEN 'input' END`
}

/** SQL condition: the unit counts tokens alone; token-hours are storage. */
export const isTokens = (unit: string): string =>
  `(${like(unit, 'token')} AND NOT ${like(unit, 'hour|month|day')})`

/** SQL: how many one of a unit is, such as 1000 for `1K tokens` and 1000000 for `1000000 Tokens`. */
export const timesOf = (unit: string): string =>
  `CASE WHEN ${like(unit, '(^|[^0-9])(1[, ]?000[, ]?000|1 ?m|1 ?mm)([^0-9a-z]|$)|million')} THEN 1000000
    WHEN ${like(unit, '(^|[^0-9])(1[, ]?000|1 ?k)([^0-9a-z]|$)|thousand')} THEN 1000
    WHEN ${like(unit, '(^|[^0-9])100 ')} THEN 100 ELSE 1 END`

/** SQL: who a party is, by the name that calls have; the name itself in lower case where it is none of these. */
export const partyOf = (name: string): string => `CASE WHEN ${name} IS NULL THEN NULL
    WHEN ${like(name, 'amazon|(^|[^a-z])aws([^a-z]|$)')} THEN 'aws'
    WHEN ${like(name, 'microsoft|azure')} THEN 'azure'
    WHEN ${like(name, 'google|(^|[^a-z])gcp([^a-z]|$)')} THEN 'google'
    WHEN ${like(name, 'openai')} THEN 'openai'
    WHEN ${like(name, 'anthropic')} THEN 'anthropic'
    WHEN ${like(name, 'mistral')} THEN 'mistral'
    WHEN ${like(name, 'openrouter')} THEN 'openrouter'
    WHEN ${like(name, 'deepseek')} THEN 'deepseek'
    ELSE lower(${name}) END`

/** SQL: service tier by the words of a meter; standard where they tell none. */
export const tierOf = (meter: string): string => `CASE WHEN ${like(meter, 'batch')} THEN 'batch'
    WHEN ${like(meter, '(^|[^a-z])flex')} THEN 'flex'
    WHEN ${like(meter, 'priority|(^|[^a-z])prty([^a-z]|$)')} THEN 'priority'
    WHEN ${like(meter, '(^|[^a-z])fast([^a-z]|$)')} THEN 'fast' ELSE 'standard' END`

/** Families of language models, as meters name them. */
const families =
  'claude|gemini|gpt|llama|mistral|mixtral|codestral|ministral|nova|titan|command|cohere|deepseek|qwen|jamba|grok|kimi|gemma|embedding|dall|whisper|phi-|(^|[^a-z])o[134]([^a-z]|$)'

/** SQL condition: the words name a language model. */
export const namesModel = (words: string): string => `coalesce(${like(words, families)}, false)`

/** SQL condition: the words name a service of language models. */
export const namesService = (words: string): string =>
  `coalesce(${like(words, 'bedrock|openai|anthropic|claude|generative|foundry models|gemini|openrouter|mistral|cohere|deepseek')}, false)`

/** SQL condition: the words name a service that sells models among other things. */
export const namesPlatform = (words: string): string =>
  `coalesce(${like(words, 'vertex|agent platform|cognitive services|machine learning|azure ai|ai services')}, false)`

/**
 * SQL: what stands before the words that say what a meter counts: mostly the model. Where these come first, the
 * whole.
 */
export function modelWords(meter: string): string {
  const before = `trim(regexp_replace(${meter}, '${countedWords}', '', 'i'))`
  return `CASE WHEN ${namesModel(before)} THEN ${before} ELSE ${meter} END`
}

const countedWords = String.raw`(?i)[\s,_|-]*((long|thinking|text|image|audio|video|cached?|cchd|input|inp|inpt|output|outp|outpt|opt|batch|flex|priority|tokens?|regional|regnl|global|glbl|data ?zone|dzone|dz|prompt|tuning|predictions?)([^a-z].*)?)$`

/** SQL: a number as text, of one of several numbers as text less others; NULL where the first is absent. */
export function lessOf(whole: string, ...parts: readonly string[]): string {
  const decimal = (text: string): string => `TRY_CAST(${text} AS DECIMAL(38,18))`
  const less = parts.map((part) => ` - coalesce(${decimal(part)}, 0)`).join('')
  return `CAST(${decimal(whole)}${less} AS VARCHAR)`
}
