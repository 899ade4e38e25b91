import { anthropic } from './anthropic.js'
import { bedrock } from './bedrock.js'
import { bedrockConverse } from './bedrock-converse.js'
import { claudeCode } from './claude-code.js'
import { cohere } from './cohere.js'
import { foreignShape, type Signature } from './foreign.js'
import { gemini } from './gemini.js'
import type { Importer, Sample } from './importer.js'
import { litellm } from './litellm.js'
import { llmcost } from './llmcost.js'
import { ollama } from './ollama.js'
import { openai } from './openai.js'

/** Importers in the order in which they are asked to recognise a sample: the most specific first. */
export const importers: readonly Importer[] = [
  bedrock,
  claudeCode,
  litellm,
  anthropic,
  gemini,
  bedrockConverse,
  cohere,
  ollama,
  openai,
  llmcost,
]

/** The shape of another tool that a sample has and that no importer reads, if any. */
export const foreign = (sample: Sample): Signature | undefined =>
  foreignShape(
    sample,
    importers.map(({ id }) => id),
  )
