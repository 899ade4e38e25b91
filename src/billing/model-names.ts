/** Models by the names that calls have, from the words of bills: `Claude4.6Sonnet`, `Gemini 2.5 Pro`, `gpt 4o 0513`. */

/** Names to try, the most likely first; the name as billed is the first of them. */
export function modelNamesOf(billed: string): readonly string[] {
  const lower = billed.trim().toLowerCase()
  const words = lower.replaceAll(/[\s_]+/g, '-')
  const found = [
    claude(lower),
    ...gemini(words),
    gpt(words),
    reasoning(words),
    embedding(words),
    onBedrock(words),
  ].filter((name) => name !== undefined)
  return [...new Set([billed.trim(), lower, ...found, words])]
}

/** `Claude Sonnet 4.5`, `Claude4.6Sonnet`, `Claude 3.5 Haiku`, `anthropic.claude-opus-4-8`. */
function claude(lower: string): string | undefined {
  const words = /claude(.*)$/.exec(lower)?.[1]
  const family = words === undefined ? undefined : /opus|sonnet|haiku|instant|fable|mythos/.exec(words)?.[0]
  if (words === undefined || family === undefined) return undefined
  const version = /(\d+)(?:[.-](\d{1,2})(?!\d))?/.exec(words)
  if (version === null) return `claude-${family}`
  const [, major = '', minor] = version
  const number = minor === undefined ? major : `${major}-${minor}`
  return Number(major) >= 4 ? `claude-${family}-${number}` : `claude-${number}-${family}`
}

/** From 3 on calls leave out a zero behind the point, and name a preview that the bill does not. */
function gemini(words: string): readonly string[] {
  const match = /gemini-(\d+(?:\.\d+)?)-(pro|flash|ultra|nano)(-lite)?(-8b)?/.exec(words)
  if (match === null) return []
  const [, version = '', kind, ...more] = match
  const named = (number: string): string => `gemini-${number}-${kind}${more.join('')}`
  if (Number(version) < 3) return [named(version)]
  const short = named(version.replace(/\.0$/, ''))
  return [short, `${short}-preview`, named(version)]
}

const embedding = (words: string): string | undefined =>
  /text-embedding-(?:3-small|3-large|ada-002)/.exec(words)?.[0]

/** `NovaLite`, `Nova2.0Lite`, `TitanEmbeddingsV2-Text`, `Llama3-3-70B`: AWS' usage types, by the ids of Bedrock. */
function onBedrock(words: string): string | undefined {
  const nova = /nova-?(?:(\d)(?:\.0)?-?)?(micro|lite|pro|premier)/.exec(words)
  if (nova !== null) return `amazon.nova-${nova[1] === undefined ? '' : `${nova[1]}-`}${nova[2]}-v1:0`
  if (/titan-?embeddings?-?v2/.test(words)) return 'amazon.titan-embed-text-v2:0'
  const llama = /llama-?(\d)[.-](\d)-(\d+b)/.exec(words)
  return llama === null ? undefined : `meta.llama${llama[1]}-${llama[2]}-${llama[3]}-instruct-v1:0`
}

function gpt(words: string): string | undefined {
  const match =
    /gpt-?(3\.?5|4o|4\.1|4\.5|4|5(?:\.\d)?)(?:-?(mini|nano|turbo|pro|codex|chat))?(?:-(mini))?/.exec(words)
  if (match === null) return undefined
  const version = match[1] === '35' ? '3.5' : match[1]
  return ['gpt', version, match[2], match[3]].filter((part) => part !== undefined).join('-')
}

function reasoning(words: string): string | undefined {
  const match = /(?:^|[^a-z])(o[134])(?:-(mini|pro|preview))?(?![a-z0-9])/.exec(words)
  return match === null ? undefined : [match[1], match[2]].filter((part) => part !== undefined).join('-')
}
