/**
 * Asks a provider on loopback by its client, watched by Langfuse's, and by hand within a parent that sums up what it
 * asked; the requests that Langfuse's server would get are kept a line each.
 * usage: node calls.mjs <url of the provider> <url of the collector>
 */
import { observeOpenAI } from '@langfuse/openai'
import { LangfuseSpanProcessor } from '@langfuse/otel'
import { propagateAttributes, startActiveObservation, startObservation } from '@langfuse/tracing'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import OpenAI from 'openai'

const [, , providerUrl, collectorUrl] = process.argv
const keys = { publicKey: 'pk-lf-none', secretKey: 'sk-lf-none', baseUrl: collectorUrl }
const tracing = new NodeTracerProvider({ spanProcessors: [new LangfuseSpanProcessor(keys)] })
tracing.register()

const messages = [{ role: 'user', content: 'MARKER-SECRET' }]
const plain = new OpenAI({ apiKey: 'none', baseURL: `${providerUrl}/v1`, maxRetries: 0 })
const watched = observeOpenAI(plain, { generationName: 'answer' })

async function byClient() {
  await watched.chat.completions.create({ model: 'gpt-4o-mini', messages, max_tokens: 300, temperature: 0.5 })
  const counted = await watched.chat.completions.create({
    model: 'gpt-4o-mini',
    messages,
    stream: true,
    stream_options: { include_usage: true },
  })
  for await (const _ of counted);
  await watched.responses.create({ model: 'gpt-4o-mini', input: 'MARKER-SECRET' })
  await watched.embeddings.create({ model: 'text-embedding-3-small', input: 'MARKER-SECRET' })
  await watched.chat.completions.create({ model: 'refuse-me', messages }).catch(() => undefined)
}

/** As people do whose client is not watched: they tell what the answer said, and the parent tells the sum. */
async function byHand(parent) {
  const generation = startObservation(
    'by-hand',
    { model: 'gpt-4o-mini', input: messages },
    { asType: 'generation' },
  )
  const { usage, model } = await plain.chat.completions.create({ model: 'gpt-4o-mini', messages })
  const cached = usage.prompt_tokens_details.cached_tokens
  generation.update({
    model,
    output: 'MARKER-SECRET',
    usageDetails: {
      input: usage.prompt_tokens - cached,
      input_cached_tokens: cached,
      output: usage.completion_tokens - usage.completion_tokens_details.reasoning_tokens,
      output_reasoning_tokens: usage.completion_tokens_details.reasoning_tokens,
      total: usage.total_tokens,
    },
  })
  generation.end()
  parent.update({ metadata: { plan: 'pro' } })
}

await startActiveObservation('work', (parent) =>
  propagateAttributes({ traceName: 'shop', userId: 'ada', sessionId: 's-1', tags: ['eu'] }, async () => {
    await byClient()
    await byHand(parent)
  }),
)
await tracing.shutdown()
