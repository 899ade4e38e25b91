/**
 * Which model counts tokens how: exactly, where its tokenizer is public and here; else by an estimator whose error was
 * measured.
 */

/** OpenAI's public encodings that are here. */
export type Encoding = 'o200k_base' | 'cl100k_base'

/** `claude`: fitted to the tokenizer that Anthropic published with Claude 2; `general`: to several others. */
export type Profile = 'claude' | 'general'

export type Tokenizer =
  | { readonly kind: 'exact'; readonly encoding: Encoding; readonly framing: Framing }
  | { readonly kind: 'estimate'; readonly profile: Profile }

/**
 * What the messages of a chat have around their text. `published`: as OpenAI's own examples count it, to the token;
 * `likely`: newer models, which may differ by a token or two.
 */
export type Framing = 'published' | 'likely'

const rules: readonly (readonly [RegExp, Tokenizer])[] = [
  [/^(?:chatgpt-4o|gpt-4o)(?![^-:@])/, { kind: 'exact', encoding: 'o200k_base', framing: 'published' }],
  [
    /^(?:gpt-4\.1|gpt-4\.5|gpt-5(?:\.\d+)?|gpt-oss|o1|o3|o4)(?![^-:@])/,
    { kind: 'exact', encoding: 'o200k_base', framing: 'likely' },
  ],
  [/^(?:gpt-4|gpt-35|gpt-3\.5)(?:-|$)/, { kind: 'exact', encoding: 'cl100k_base', framing: 'published' }],
  [
    /^text-embedding-(?:3-(?:small|large)|ada-002)/,
    { kind: 'exact', encoding: 'cl100k_base', framing: 'published' },
  ],
  [/claude/, { kind: 'estimate', profile: 'claude' }],
]

/** By the model's name, whoever sells it: `openai/gpt-4o`, `azure/gpt-4o-2024-08-06`. */
export function tokenizerOf(model: string): Tokenizer {
  const name = model
    .toLowerCase()
    .slice(model.lastIndexOf('/') + 1)
    .replace(/^ft:/, '')
  return rules.find(([form]) => form.test(name))?.[1] ?? { kind: 'estimate', profile: 'general' }
}
