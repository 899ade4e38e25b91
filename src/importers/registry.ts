import { anthropic } from './anthropic.js'
import { bedrock } from './bedrock.js'
import { claudeCode } from './claude-code.js'
import type { Importer } from './importer.js'
import { litellm } from './litellm.js'
import { llmcost } from './llmcost.js'
import { openai } from './openai.js'

/** Importers in the order in which they are asked to recognise a sample: the most specific first. */
export const importers: readonly Importer[] = [bedrock, claudeCode, litellm, anthropic, openai, llmcost]
