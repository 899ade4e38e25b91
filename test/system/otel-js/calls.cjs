/**
 * Asks a provider on loopback by its client and by a kit, both watched by OpenTelemetry, whose requests are
 * written a line each, as the collector's file exporter does.
 * usage: node calls.cjs <url of the provider> <url of the collector>
 */
const { registerInstrumentations } = require('@opentelemetry/instrumentation')
const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-http')
const { OpenAIInstrumentation } = require('@opentelemetry/instrumentation-openai')
const { BatchSpanProcessor, NodeTracerProvider } = require('@opentelemetry/sdk-trace-node')
const { trace } = require('@opentelemetry/api')

const [, , providerUrl, collectorUrl] = process.argv
const tracing = new NodeTracerProvider({
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url: `${collectorUrl}/v1/traces` }))],
})
tracing.register()
registerInstrumentations({ instrumentations: [new OpenAIInstrumentation()] })

const OpenAI = require('openai')
const { createOpenAI } = require('@ai-sdk/openai')
const { embed, generateText, streamText } = require('ai')

const messages = [{ role: 'user', content: 'MARKER-SECRET' }]

async function byClient() {
  const client = new OpenAI({ apiKey: 'none', baseURL: `${providerUrl}/v1`, maxRetries: 0 })
  await client.chat.completions.create({ model: 'gpt-4o-mini', messages, max_tokens: 300, temperature: 0.5 })
  const counted = await client.chat.completions.create({
    model: 'gpt-4o-mini',
    messages,
    stream: true,
    stream_options: { include_usage: true },
  })
  for await (const _ of counted);
  const uncounted = await client.chat.completions.create({ model: 'gpt-4o-mini', messages, stream: true })
  for await (const _ of uncounted);
  await client.embeddings.create({ model: 'text-embedding-3-small', input: 'MARKER-SECRET' })
  await client.chat.completions.create({ model: 'refuse-me', messages }).catch(() => undefined)
}

async function byKit() {
  const openai = createOpenAI({ apiKey: 'none', baseURL: `${providerUrl}/v1` })
  const experimental_telemetry = {
    isEnabled: true,
    functionId: 'kit',
    metadata: { userId: 'u-1', plan: 'pro' },
  }
  await generateText({ model: openai.chat('gpt-4o-mini'), prompt: 'MARKER-SECRET', experimental_telemetry })
  const stream = streamText({
    model: openai.chat('gpt-4o-mini'),
    prompt: 'MARKER-SECRET',
    experimental_telemetry,
  })
  for await (const _ of stream.textStream);
  await embed({
    model: openai.textEmbeddingModel('text-embedding-3-small'),
    value: 'MARKER-SECRET',
    experimental_telemetry,
  })
}

async function main() {
  await trace.getTracer('app').startActiveSpan('work', async (span) => {
    await byClient()
    await byKit()
    span.end()
  })
  await tracing.shutdown()
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
}) // prettier-ignore
