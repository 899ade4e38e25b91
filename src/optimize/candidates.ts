/**
 * Small models that simple calls may be sent to, where no others are named. The very smallest, which are cheaper still,
 * are left out: what they answer is another matter.
 */
import type { Candidate } from './strategy.js'

const names: Readonly<Record<string, readonly string[]>> = {
  openai: ['gpt-4o-mini', 'gpt-4.1-mini', 'gpt-5-mini'],
  azure: ['gpt-4o-mini', 'gpt-4.1-mini'],
  anthropic: ['claude-haiku-4-5'],
  google: ['gemini-2.5-flash'],
  mistral: ['mistral-small-latest'],
  deepseek: ['deepseek-chat'],
}

export const knownCandidates: readonly Candidate[] = Object.entries(names).flatMap(([provider, models]) =>
  models.map((model) => ({ provider, model })),
)
