/** Models by the names that calls have, from the words of bills: `Claude4.6Sonnet`, `Gemini 2.5 Pro`, `gpt 4o 0513`. */

/** Names to try, the most likely first; the name as billed is the first of them. */
export function modelNamesOf(billed: string): readonly string[] {
  const lower = billed.trim().toLowerCase()
  const words = lower.replaceAll(/[\s_]+/g, '-')
  const found = [claude(lower), gemini(words), gpt(words), reasoning(words)].filter(
    (name) => name !== undefined,
  )
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

function gemini(words: string): string | undefined {
  const match = /gemini-(\d+(?:\.\d+)?)-(pro|flash|ultra|nano)(-lite)?(-8b)?/.exec(words)
  return match === null ? undefined : `gemini-${match[1]}-${match[2]}${match[3] ?? ''}${match[4] ?? ''}`
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
