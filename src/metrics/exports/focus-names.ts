/** Names of providers, of their services and of the makers of models as FOCUS wants them: SQL over a row with `provider` and `model`. */
import { quoteText } from '../../domain/words/quoting.js'

/** Display names of providers, as FOCUS wants them; others keep their id. */
const providerNames: Readonly<Record<string, string>> = {
  anthropic: 'Anthropic',
  aws: 'Amazon Web Services',
  azure: 'Microsoft',
  cerebras: 'Cerebras',
  cohere: 'Cohere',
  deepseek: 'DeepSeek',
  fireworks: 'Fireworks AI',
  google: 'Google',
  groq: 'Groq',
  mistral: 'Mistral AI',
  openai: 'OpenAI',
  openrouter: 'OpenRouter',
  perplexity: 'Perplexity',
  together: 'Together AI',
  'x-ai': 'xAI',
}

/** What the provider calls the service, where that is known; else its name with API after it. */
const serviceNames: Readonly<Record<string, string>> = {
  anthropic: 'Claude API',
  aws: 'Amazon Bedrock',
  azure: 'Azure OpenAI Service',
  google: 'Gemini API',
  openai: 'OpenAI API',
}

/** Who makes a model, by the beginning of a word in its name; the provider where none fits. */
const publishers: readonly (readonly [words: string, name: string])[] = [
  ['claude', 'Anthropic'],
  ['gpt|o1|o3|o4|davinci|text-embedding|whisper|dall-e', 'OpenAI'],
  ['gemini|gemma|palm', 'Google'],
  ['llama', 'Meta'],
  ['mistral|mixtral|codestral|ministral|pixtral', 'Mistral AI'],
  ['nova|titan', 'Amazon Web Services'],
  ['command', 'Cohere'],
  ['deepseek', 'DeepSeek'],
  ['qwen|qwq', 'Alibaba Cloud'],
  ['grok', 'xAI'],
]

/** Stands where a call does not say who served it: the specification allows no empty name. */
const unknownProvider = 'Unknown provider'

/** Providers that hand a call on to others. */
const routers: readonly string[] = ['openrouter']

const chosen = (names: Readonly<Record<string, string>>, otherwise: string, id = 'provider'): string =>
  `CASE ${id} ${Object.entries(names)
    .map(([id, name]) => `WHEN ${quoteText(id)} THEN ${quoteText(name)}`)
    .join(' ')} ELSE ${otherwise} END`

/** SQL: the name of the provider whose id this is. */
export const providerNamed = (id: string): string =>
  chosen(providerNames, `coalesce(${id}, ${quoteText(unknownProvider)})`, id)

/** SQL: who makes the service available. */
export const providerName = providerNamed('provider')

const byModel = (otherwise: string): string =>
  `CASE ${publishers
    .map(
      ([words, name]) =>
        `WHEN regexp_matches(lower(model), ${quoteText(`(^|[./:@_ -])(${words})`)}) THEN ${quoteText(name)}`,
    )
    .join(' ')} ELSE ${otherwise} END`

/** SQL: who makes the model, by its name; NULL where none is known by it. */
export const modelDeveloper = byModel('NULL')

/** SQL: who makes the model, else who served it. */
export const publisherName = byModel(providerName)

/** SQL: on whose machines it ran. A router hands calls on to others, and does not say to whom. */
export const hostName = `CASE WHEN provider IS NOT NULL AND provider NOT IN (${routers.map(quoteText).join(', ')}) THEN ${providerName} END`

/** SQL: what the provider calls the service. */
export const serviceName = chosen(serviceNames, `concat(${providerName}, ' API')`)

/** SQL condition: calls name this service. */
export const isCalled = (service: string): string =>
  `${service} IN (${Object.values(serviceNames).map(quoteText).join(', ')})`
