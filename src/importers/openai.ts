import { at, firstOf, isObject, type Importer, type Survey } from './importer.js'
import { mergeFields, metadataFields, rawResponse, requestFields, responsePlaces } from './raw-responses.js'

const objects = ['chat.completion', 'chat.completion.chunk', 'response', 'text_completion']

const isResponse = (value: Readonly<Record<string, unknown>>): boolean =>
  objects.includes(String(value['object'])) ||
  (Array.isArray(value['choices']) && isObject(value['usage'])) ||
  (value['object'] === 'list' && isObject(value['usage']) && 'prompt_tokens' in value['usage'])

/**
 * Chat Completions, Responses and Embeddings, bare, wrapped, as batch output or as stream chunks (of
 * which only the one with the usage is a call). Input includes cached tokens, output includes reasoning.
 */
export const openai: Importer = {
  id: 'openai',
  about:
    'responses of the OpenAI API and its clones (Chat Completions, Responses, Embeddings, Batch), bare or wrapped',
  example: '{"ts": "2026-10-05T08:00:00Z", "user": "u1", "response": {"object": "chat.completion", …}}',
  detects: (sample) =>
    responsePlaces(sample, isResponse).length > 0 ||
    sample.records.some(
      (r) => 'custom_id' in r && isObject(r['response']) && isObject(at(r, 'response', 'body')),
    ),
  plan(survey: Survey) {
    const found = responsePlaces(survey.sample, isResponse)
    const raw = rawResponse(survey, found.length > 0 ? found : [['response', 'body']])
    const { document, response, responseList, wrapper } = raw
    const usage = (...path: string[]): string => response('usage', ...path)
    const usageOf = (chat: string[], responses: string[]): string =>
      firstOf(usage(...chat), usage(...responses))!
    const batch = document.text('custom_id')
    const failed = firstOf(response('error', 'code'), response('error', 'message'), raw.wrapperError)!
    const httpStatus = document.text('response', 'status_code')
    const reasons = responseList(['choices'], 'finish_reason')
    const status = response('status')
    const finished = `CASE WHEN ${status} = 'incomplete' THEN ${response('incomplete_details', 'reason')} ELSE ${status} END`
    const noUsage = `${usage('prompt_tokens')} IS NULL AND ${usage('input_tokens')} IS NULL AND ${usage('completion_tokens')} IS NULL`
    return {
      document,
      cacheTokens: 'included',
      cacheTokensCertain: true,
      isCall: `NOT (${noUsage}) OR ${failed} IS NOT NULL OR TRY_CAST(${httpStatus} AS INTEGER) >= 400`,
      refusals: [],
      totalTokens: usage('total_tokens'),
      fields: mergeFields(
        { ...wrapper, error: failed },
        {
          call_id: response('id'),
          ts: firstOf(response('created'), response('created_at'))!,
          provider: `CASE WHEN ${response('prompt_filter_results')} IS NOT NULL THEN 'azure' END`,
          response_model: response('model'),
          operation: `CASE ${response('object')} WHEN 'list' THEN 'embedding' WHEN 'text_completion' THEN 'completion' ELSE 'chat' END`,
          user_id: firstOf(response('user'), response('safety_identifier'))!,
          session_id: response('conversation', 'id'),
          prompt_name: response('prompt', 'id'),
          input_tokens: usageOf(['prompt_tokens'], ['input_tokens']),
          cache_read_input_tokens: firstOf(
            usageOf(['prompt_tokens_details', 'cached_tokens'], ['input_tokens_details', 'cached_tokens']),
            usage('prompt_cache_hit_tokens'),
          )!,
          cache_creation_input_tokens: usageOf(
            ['prompt_tokens_details', 'cache_write_tokens'],
            ['input_tokens_details', 'cache_write_tokens'],
          ),
          output_tokens: usageOf(['completion_tokens'], ['output_tokens']),
          reasoning_output_tokens: usageOf(
            ['completion_tokens_details', 'reasoning_tokens'],
            ['output_tokens_details', 'reasoning_tokens'],
          ),
          input_audio_tokens: usage('prompt_tokens_details', 'audio_tokens'),
          output_audio_tokens: usage('completion_tokens_details', 'audio_tokens'),
          latency_ms: `CAST((TRY_CAST(${response('completed_at')} AS DOUBLE) - TRY_CAST(${response('created_at')} AS DOUBLE)) * 1000 AS VARCHAR)`,
          max_tokens: response('max_output_tokens'),
          temperature: response('temperature'),
          finish_reason: `coalesce(CASE WHEN len(${reasons}) > 0 THEN CAST(to_json(list_filter(${reasons}, lambda x: x IS NOT NULL)) AS VARCHAR) END, ${finished})`,
          status: `CASE WHEN ${failed} IS NOT NULL THEN 'error' WHEN ${httpStatus} IS NOT NULL THEN ${httpStatus} ELSE ${status} END`,
          service_tier: `CASE WHEN ${batch} IS NOT NULL THEN 'batch' ELSE ${response('service_tier')} END`,
        },
        metadataFields((key) => response('metadata', key)),
        ...(raw.bare ? [] : [requestFields(document)]),
      ),
      ...(raw.wrapperTags === undefined ? {} : { tags: raw.wrapperTags }),
    }
  },
}
