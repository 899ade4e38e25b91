/**
 * Which provider a logged name means. Loggers spell providers in many ways; the price data know each
 * by one id.
 */
import type { Catalogue } from './catalogue.js'
import { matches } from './match.js'

/** Provider of models that run on the user's own machines: free. */
export const localProvider = 'local'

/** Where an override without a provider puts calls that have none. */
export const customProvider = 'custom'

const localNames = new Set([
  'local',
  'localhost',
  'ollama',
  'ollama-chat',
  'vllm',
  'hosted-vllm',
  'llama.cpp',
  'llama-cpp',
  'llamacpp',
  'llamafile',
  'lmstudio',
  'lm-studio',
  'localai',
  'koboldcpp',
  'sglang',
  'mlx',
  'gpt4all',
  'jan',
])

/**
 * Spellings that the price library does not know, or takes for another provider (`azure_openai` contains
 * `openai`, `vertex_ai_anthropic` contains `anthropic`). The first that fits wins.
 */
const spellings: readonly (readonly [RegExp, string])[] = [
  [/azure|^az\./, 'azure'],
  [/bedrock|^aws$|^aws[.-]/, 'aws'],
  [/vertex|^gcp([.-]|$)|^palm$|^google|^gemini/, 'google'],
  [/^openrouter/, 'openrouter'],
  [/copilot/, 'github-copilot'],
  [/^together([.-]?ai)?$/, 'together'],
  [/^fireworks([.-]?ai)?$/, 'fireworks'],
  [/^x[.-]?ai$|^grok$/, 'x-ai'],
  [/^z[.-]?ai$/, 'zai'],
  [/^zhipu/, 'zhipuai'],
  [/^mistral/, 'mistral'],
  [/^moonshot|^kimi$/, 'moonshotai'],
  [/^voyage/, 'voyageai'],
  [/^claude$/, 'anthropic'],
  [/^perplexity/, 'perplexity'],
  [/^deepseek/, 'deepseek'],
  [/^dashscope|^alibaba|^aliyun|^bailian|^qwen$/, 'alibaba'],
  [/^groq/, 'groq'],
  [/^cerebras/, 'cerebras'],
  // A server that speaks OpenAI's protocol is not OpenAI.
  [/openai[.-](like|compatible)|custom[.-]openai/, 'openai-compatible'],
]

/**
 * The provider's id in the price data; an unknown provider keeps its own name, in lower case. Naming
 * the result again gives the same result.
 */
export function canonicalProvider(catalogue: Catalogue, raw: string): string {
  const name = raw.trim().toLowerCase()
  if (catalogue.providers.has(name)) return name
  const spelled = name.replaceAll(/[_\s]+/g, '-')
  if (catalogue.providers.has(spelled)) return spelled
  if (localNames.has(spelled)) return localProvider
  const known = spellings.find(([pattern]) => pattern.test(spelled))
  if (known) return known[1]
  for (const provider of catalogue.providers.values()) {
    if (provider.provider_match && matches(provider.provider_match, name)) return provider.id
  }
  return name
}

/** Names of Bedrock models carry region and vendor: `us.anthropic.claude-…`, `amazon.nova-…`. */
const bedrockName =
  /^((us|eu|apac|au|jp|in|ca|sa|global|us-gov)\.)?(ai21|amazon|anthropic|cohere|deepseek|google|meta|mistral|nvidia|openai|qwen|writer)\.[a-z]/

/** Families that the library's own provider rules leave out. */
const families: readonly (readonly [RegExp, string])[] = [
  [bedrockName, 'aws'],
  [/^arn:aws[^:]*:bedrock:/, 'aws'],
  [/(^|\/)publishers\/[^/]+\/models\//, 'google'],
  [/^(ft:|text-embedding-|text-davinci-|chatgpt-|codex-mini|computer-use)/, 'openai'],
]

/** The provider whose models are named like this, or undefined. It says nothing about the price. */
export function providerOfName(catalogue: Catalogue, name: string): string | undefined {
  const family = families.find(([pattern]) => pattern.test(name))
  if (family) return family[1]
  for (const provider of catalogue.providers.values()) {
    if (provider.model_match && matches(provider.model_match, name)) return provider.id
  }
  return undefined
}

/** Whether the name is Bedrock's, whatever client the log names as provider. */
export function isBedrockName(name: string): boolean {
  return bedrockName.test(name)
}

/** Whether the name is a path or an ARN of a cloud, which only that cloud understands. */
export function isCloudPath(name: string): boolean {
  return /(^|\/)publishers\/[^/]+\/models\/|^arn:aws[^:]*:bedrock:/.test(name)
}

/** Organisations of model hubs whose models many providers run. */
const hubs =
  /^(01-ai|ai21labs|coherelabs|deepseek-ai|huggingfaceh4|meta-llama|microsoft|minimaxai|mistralai|moonshotai|nousresearch|nvidia|qwen|thudm|zai-org)\/|^google\/gemma|^openai\/gpt-oss/

/** Whether the name is one of a model hub: `meta-llama/Llama-3.1-8B-Instruct`. */
export function isHubName(name: string): boolean {
  return hubs.test(name.trim().toLowerCase())
}

/** Names that say nothing of who runs the model. */
const noProvider = new Set(['', 'unknown', 'none', 'null', 'undefined', 'n/a', 'other'])

/** The logged provider in lower case, or null when it says nothing. */
export function loggedProvider(raw: string | null): string | null {
  const name = raw?.trim().toLowerCase() ?? ''
  return noProvider.has(name) ? null : name
}

/** Routers and frameworks pass calls on: the provider is in the model's name, or not known. */
const routers = new Set([
  'litellm',
  'litellm-proxy',
  'portkey',
  'helicone',
  'langfuse',
  'langchain',
  'gateway',
  'ai-gateway',
  'vercel',
  'vercel-ai-gateway',
  'proxy',
  'router',
  // Frameworks name themselves where the conventions ask for the provider.
  'strands-agents',
  'llamaindex',
  'llama-index',
  'crewai',
  'semantic-kernel',
  'spring-ai',
  'haystack',
  'agno',
  'autogen',
  'dspy',
  'smolagents',
  'microsoft.agent-framework',
])

export function isRouter(provider: string): boolean {
  return routers.has(provider.replaceAll('_', '-'))
}

/** Whether a provider is one that the price data or this program knows. */
export function isKnownProvider(catalogue: Catalogue, id: string): boolean {
  return id === localProvider || id === 'alibaba' || catalogue.providers.has(id)
}
