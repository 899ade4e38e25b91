import { amp } from './agents/amp.js'
import { cline } from './agents/cline.js'
import { droid } from './agents/droid.js'
import { helicone } from './platforms/helicone.js'
import { kimi } from './agents/kimi.js'
import { pi } from './agents/pi.js'
import { qwenCode } from './agents/qwen-code.js'
import { anthropic } from './providers/anthropic.js'
import { bedrock } from './providers/bedrock.js'
import { bedrockConverse } from './providers/bedrock-converse.js'
import { claudeCode } from './agents/claude-code.js'
import { codex } from './agents/codex.js'
import { copilot } from './agents/copilot.js'
import { cursor } from './agents/cursor.js'
import { cohere } from './providers/cohere.js'
import { foreignShape, type Signature } from './foreign/foreign.js'
import { gemini } from './providers/gemini.js'
import type { Importer } from './importer.js'
import type { Sample } from './survey.js'
import { geminiCli } from './agents/gemini-cli.js'
import { langfuse } from './platforms/langfuse.js'
import { langsmith } from './platforms/langsmith.js'
import { litellm } from './gateways/litellm.js'
import { mlflow } from './platforms/mlflow.js'
import { llmcost } from './records/llmcost.js'
import { ollama } from './providers/ollama.js'
import { otel } from './platforms/otel.js'
import { azureTrace } from './traces/azure-trace.js'
import { burstgpt } from './traces/burstgpt.js'
import { mooncake } from './traces/mooncake.js'
import { vercelAi } from './records/vercel-ai.js'
import { azureApim } from './gateways/azure-apim.js'
import { openai } from './providers/openai.js'
import { openrouter } from './gateways/openrouter.js'
import { opencode } from './agents/opencode.js'

/** Importers in the order in which they are asked to recognise a sample: the most specific first. */
export const importers: readonly Importer[] = [
  bedrock,
  qwenCode,
  claudeCode,
  codex,
  geminiCli,
  pi,
  kimi,
  cline,
  amp,
  droid,
  opencode,
  copilot,
  cursor,
  otel,
  langfuse,
  langsmith,
  mlflow,
  helicone,
  litellm,
  openrouter,
  azureApim,
  vercelAi,
  anthropic,
  gemini,
  bedrockConverse,
  cohere,
  ollama,
  openai,
  azureTrace,
  burstgpt,
  mooncake,
  llmcost,
]

/** The shape of another tool that a sample has and that no importer reads, if any. */
export const foreign = (sample: Sample): Signature | undefined =>
  foreignShape(
    sample,
    importers.map(({ id }) => id),
  )
