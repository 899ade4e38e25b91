/**
 * importers: one file a log format and one line in registry.ts. An importer is pure: it looks at a sample
 * of records and answers with SQL that takes each field's text out of a record (see importer.ts).
 */
import { firstOf, isObject, type Importer, type Survey } from './importer.js'
import { mergeFields, metadataFields, rawResponse, requestFields, responsePlaces } from './raw-responses.js'

const isResponse = (value: Readonly<Record<string, unknown>>): boolean =>
  value['type'] === 'message' && isObject(value['usage']) && 'input_tokens' in value['usage']

/**
 * Messages API responses, bare, wrapped, or as results of a message batch. A message carries no time: the
 * wrapper, or `--set ts=…`, must give it. Input excludes cache reads and writes; they are added.
 */
export const anthropic: Importer = {
  id: 'anthropic',
  about: 'responses of the Anthropic Messages API and message batches, bare or wrapped',
  example: '{"ts": "2026-10-05T08:00:00Z", "response": {"type": "message", …}}',
  detects: (sample) =>
    responsePlaces(sample, isResponse).length > 0 ||
    sample.records.some((r) => 'custom_id' in r && isObject(r['result']) && 'type' in r['result']),
  plan(survey: Survey) {
    const found = responsePlaces(survey.sample, isResponse)
    const raw = rawResponse(survey, found.length > 0 ? found : [['result', 'message']])
    const { document, response, wrapper } = raw
    const usage = (...path: string[]): string => response('usage', ...path)
    const batch = document.text('custom_id')
    const outcome = document.text('result', 'type')
    const failed = firstOf(
      document.text('result', 'error', 'error', 'type'),
      document.text('result', 'error', 'type'),
      `CASE WHEN ${outcome} = 'errored' THEN 'errored' END`,
      raw.wrapperError,
    )!
    const event = document.text('type')
    return {
      document,
      cacheTokens: 'excluded',
      isCall: `coalesce(${usage('input_tokens')}, ${usage('output_tokens')}) IS NOT NULL OR ${failed} IS NOT NULL`,
      refusals: [
        {
          when: `coalesce(${event} = 'message_start', false)`,
          reason: 'a streaming event: its output is not final; log the final message',
        },
      ],
      fields: mergeFields(
        { ...wrapper, error: failed },
        {
          call_id: firstOf(response('id'), batch)!,
          provider: `'anthropic'`,
          response_model: response('model'),
          operation: `'chat'`,
          input_tokens: usage('input_tokens'),
          cache_read_input_tokens: usage('cache_read_input_tokens'),
          cache_creation_input_tokens: usage('cache_creation_input_tokens'),
          cache_creation_1h_input_tokens: usage('cache_creation', 'ephemeral_1h_input_tokens'),
          output_tokens: usage('output_tokens'),
          reasoning_output_tokens: usage('output_tokens_details', 'thinking_tokens'),
          web_search_requests: usage('server_tool_use', 'web_search_requests'),
          finish_reason: response('stop_reason'),
          status: `CASE WHEN ${failed} IS NOT NULL THEN 'error' ELSE 'ok' END`,
          service_tier: `CASE WHEN ${batch} IS NOT NULL AND ${outcome} IS NOT NULL THEN 'batch' ELSE ${usage('service_tier')} END`,
        },
        metadataFields((key) => response('metadata', key)),
        ...(raw.bare ? [] : [requestFields(document)]),
      ),
      ...(raw.wrapperTags === undefined ? {} : { tags: raw.wrapperTags }),
    }
  },
}
