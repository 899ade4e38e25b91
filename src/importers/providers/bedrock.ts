import { sumOfList } from '../bodies/counts.js'
import { Document, firstOf } from '../document.js'
import { at } from '../sample-values.js'
import type { Importer } from '../importer.js'
import type { Survey } from '../survey.js'

/**
 * Bedrock model-invocation logs (S3 JSON lines). The body's own usage is preferred to the record's counts;
 * input excludes cached tokens unless the total says otherwise. Streamed answers are lists of chunks.
 */
export const bedrock: Importer = {
  id: 'bedrock',
  writer: 'provider',
  about: 'Amazon Bedrock model-invocation logs, JSONL',
  example: 's3://…/AWSLogs/<account>/BedrockModelInvocationLogs/**/*.json.gz, copied to a folder',
  recognisedBy: '`schemaType: ModelInvocationLog`',
  lacks: "a user and feature: the caller's identity is kept",
  detects: ({ records }) =>
    records.some(
      (r) =>
        r['schemaType'] === 'ModelInvocationLog' ||
        ('modelId' in r && at(r, 'input', 'inputTokenCount') !== undefined),
    ),
  plan(survey: Survey) {
    const doc = Document.for(survey)
    const bodyText = doc.text('output', 'outputBodyJson')
    const body = doc.embedded('output', 'outputBodyJson')
    const request = doc.embedded('input', 'inputBodyJson')
    /** The last value of a path in a streamed answer's chunks. */
    const chunk = (path: string): string =>
      `CASE WHEN starts_with(${bodyText}, '[') AND json_valid(${bodyText}) THEN list_filter(json_extract_string(${bodyText}, '$[*].${path}'), lambda x: x IS NOT NULL)[-1] END`
    const metrics = (name: string): string => chunk(`"amazon-bedrock-invocationMetrics".${name}`)
    const usage = (converse: string, native: string): string =>
      firstOf(
        body.text('usage', converse),
        body.text('usage', native),
        chunk(`metadata.usage.${converse}`),
        chunk(`usage.${native}`),
        chunk(`message.usage.${native}`),
      )!
    const details = [body.text('usage', 'cacheDetails'), chunk('metadata.usage.cacheDetails')].map(
      (list) =>
        `list_filter(from_json(CASE WHEN starts_with(${list}, '[') AND json_valid(${list}) THEN ${list} END, '[{"ttl": "VARCHAR", "inputTokens": "VARCHAR"}]'), lambda x: x.ttl = '1h')`,
    )
    const oneHour = firstOf(
      body.text('usage', 'cache_creation', 'ephemeral_1h_input_tokens'),
      chunk('usage.cache_creation.ephemeral_1h_input_tokens'),
      chunk('message.usage.cache_creation.ephemeral_1h_input_tokens'),
      ...details.map((list) => sumOfList(`list_transform(${list}, lambda x: x."inputTokens")`)),
    )!
    const arn = doc.text('modelId')
    const metadata = (key: string): string => doc.text('requestMetadata', key)
    return {
      document: doc,
      cacheTokens: 'excluded',
      totalTokens: firstOf(body.text('usage', 'totalTokens'), chunk('metadata.usage.totalTokens'))!,
      fields: {
        call_id: doc.text('requestId'),
        ts: doc.text('timestamp'),
        provider: `'aws'`,
        request_model: `CASE WHEN starts_with(${arn}, 'arn:') THEN regexp_extract(${arn}, '[^/]+$') ELSE ${arn} END`,
        operation: `CASE WHEN ${arn} LIKE '%embed%' THEN 'embedding' ELSE 'chat' END`,
        feature: metadata('feature'),
        user_id: firstOf(metadata('user_id'), metadata('user'), doc.text('identity', 'arn'))!,
        customer: firstOf(metadata('customer'), metadata('tenant'))!,
        session_id: metadata('session_id'),
        team: metadata('team'),
        environment: firstOf(metadata('environment'), metadata('env'))!,
        input_tokens: firstOf(
          usage('inputTokens', 'input_tokens'),
          doc.text('input', 'inputTokenCount'),
          metrics('inputTokenCount'),
        )!,
        cache_read_input_tokens: firstOf(
          usage('cacheReadInputTokens', 'cache_read_input_tokens'),
          doc.text('input', 'cacheReadInputTokenCount'),
        )!,
        cache_creation_input_tokens: firstOf(
          usage('cacheWriteInputTokens', 'cache_creation_input_tokens'),
          doc.text('input', 'cacheWriteInputTokenCount'),
        )!,
        output_tokens: firstOf(
          body.text('usage', 'outputTokens'),
          body.text('usage', 'output_tokens'),
          chunk('metadata.usage.outputTokens'),
          doc.text('output', 'outputTokenCount'),
          metrics('outputTokenCount'),
        )!,
        latency_ms: firstOf(
          body.text('metrics', 'latencyMs'),
          chunk('metadata.metrics.latencyMs'),
          metrics('invocationLatency'),
        )!,
        ttft_ms: metrics('firstByteLatency'),
        temperature: firstOf(request.text('inferenceConfig', 'temperature'), request.text('temperature'))!,
        max_tokens: firstOf(
          request.text('inferenceConfig', 'maxTokens'),
          request.text('max_tokens'),
          request.text('max_gen_len'),
          request.text('textGenerationConfig', 'maxTokenCount'),
        )!,
        finish_reason: firstOf(
          body.text('stopReason'),
          body.text('stop_reason'),
          body.text('finish_reason'),
          chunk('messageStop.stopReason'),
          chunk('delta.stop_reason'),
        )!,
        status: `CASE WHEN ${doc.text('errorCode')} IS NOT NULL THEN 'error' ELSE 'ok' END`,
        error: doc.text('errorCode'),
        cache_creation_1h_input_tokens: oneHour,
        service_tier: firstOf(body.text('serviceTier', 'type'), body.text('usage', 'service_tier'))!,
        // Inference at a lower latency has prices of its own.
        speed: firstOf(
          body.text('performanceConfig', 'latency'),
          chunk('metadata.performanceConfig.latency'),
          request.text('performanceConfig', 'latency'),
        )!,
        region: firstOf(doc.text('inferenceRegion'), doc.text('region'))!,
      },
    }
  },
}
