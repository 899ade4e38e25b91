/** OpenAI's encodings, loaded when one is first asked for: its tables take a fifth of a second. */
import type { Encoding } from './tokenizers.js'

/** How many tokens a text has; what looks like a special token is text. */
export type Counter = (text: string) => number

/**
 * The library looks over all pairs of a word again for each that it joins: a "word" of a million letters would
 * take hours. Longer ones are counted in pieces, at most a token too many for each.
 */
const longestWord = 2_000
const longWord = new RegExp(
  `[^\\s\\p{P}\\p{N}]{${longestWord},}|[\\p{P}\\p{S}]{${longestWord},}|\\s{${longestWord},}`,
  'u',
)

const loaded = new Map<Encoding, Promise<Counter>>()

export function counterOf(encoding: Encoding): Promise<Counter> {
  let counter = loaded.get(encoding)
  if (counter === undefined) loaded.set(encoding, (counter = load(encoding)))
  return counter
}

async function load(encoding: Encoding): Promise<Counter> {
  const { BytePairEncodingCore } = await import('gpt-tokenizer/BytePairEncodingCore')
  const params =
    encoding === 'o200k_base'
      ? (await import('gpt-tokenizer/encodingParams/o200k_base')).O200KBase(
          (await import('gpt-tokenizer/bpeRanks/o200k_base')).default,
        )
      : (await import('gpt-tokenizer/encodingParams/cl100k_base')).Cl100KBase(
          (await import('gpt-tokenizer/bpeRanks/cl100k_base')).default,
        )
  const core = new BytePairEncodingCore(params)
  return (text) => piecesOf(text).reduce((sum, piece) => sum + core.countNative(piece), 0)
}

/** Whether the count of a text may be too high by a few tokens. */
export const hasLongWords = (text: string): boolean => longWord.test(text)

function piecesOf(text: string): readonly string[] {
  if (!hasLongWords(text)) return [text]
  const pieces: string[] = []
  for (let at = 0; at < text.length; at += longestWord) pieces.push(text.slice(at, at + longestWord))
  return pieces
}
