/**
 * Names of attributes of OpenTelemetry's spans and events, by what they say: the current ones of the GenAI
 * conventions, those that they replaced, and those of vendors. The first that a record has counts.
 */
import type { CallField } from '../../domain/call.js'

type Names = readonly string[]

/** Attributes that are a field as they stand. */
export const attributeNames = {
  provider: ['gen_ai.provider.name', 'gen_ai.system', 'llm.provider', 'ai.model.provider', 'llm.system', 'llm.vendor', 'mlflow.llm.provider'],
  request_model: ['gen_ai.request.model', 'llm.request.model', 'ai.model.id', 'langfuse.observation.model.name', 'mlflow.llm.model', 'model', 'embedding.model_name', 'llm.model_name', 'langsmith.metadata.ls_model_name'],
  response_model: ['gen_ai.response.model', 'ai.response.model', 'llm.response.model', 'llm.model_name', 'embedding.model_name'],
  input_tokens: ['gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens', 'llm.token_count.prompt', 'ai.usage.inputTokens', 'ai.usage.promptTokens', 'ai.usage.tokens', 'llm.usage.prompt_tokens', 'gen_ai.response.prompt_tokens', 'input_tokens', 'input_token_count'],
  output_tokens: ['gen_ai.usage.output_tokens', 'gen_ai.usage.completion_tokens', 'llm.token_count.completion', 'ai.usage.outputTokens', 'ai.usage.completionTokens', 'llm.usage.completion_tokens', 'gen_ai.response.completion_tokens', 'output_tokens', 'output_token_count'],
  cache_read_input_tokens: ['gen_ai.usage.cache_read.input_tokens', 'gen_ai.usage.cache_read_input_tokens', 'gen_ai.usage.cache_read_tokens', 'gen_ai.usage.details.cache_read_tokens', 'gen_ai.usage.details.cache_read_input_tokens', 'gen_ai.usage.prompt_details.cache_read', 'gen_ai.usage.input_cached_tokens', 'gen_ai.usage.cached_input_tokens', 'gen_ai.usage.cached_tokens', 'gen_ai.usage.prompt_tokens_details.cached_tokens', 'gen_ai.usage.prompt_tokens_details.cache_read', 'gen_ai.usage.input_tokens.cached', 'llm.token_count.prompt_details.cache_read', 'ai.usage.inputTokenDetails.cacheReadTokens', 'ai.usage.cachedInputTokens', 'llm.usage.cache_read_input_tokens', 'cache_read_tokens', 'cached_content_token_count', 'cached_token_count'],
  cache_creation_input_tokens: ['gen_ai.usage.cache_creation.input_tokens', 'gen_ai.usage.cache_creation_input_tokens', 'gen_ai.usage.cache_write.input_tokens', 'gen_ai.usage.cache_write_input_tokens', 'gen_ai.usage.cache_write_tokens', 'gen_ai.usage.prompt_tokens_details.cache_write', 'gen_ai.usage.input_tokens.cache_write', 'gen_ai.usage.details.cache_write_tokens', 'gen_ai.usage.details.cache_creation_input_tokens', 'gen_ai.usage.prompt_details.cache_write', 'gen_ai.usage.input_cache_creation', 'llm.token_count.prompt_details.cache_write', 'ai.usage.inputTokenDetails.cacheWriteTokens', 'llm.usage.cache_creation_input_tokens', 'cache_creation_tokens'],
  cache_creation_1h_input_tokens: ['anthropic.usage.cache_creation.ephemeral_1h_input_tokens'],
  reasoning_output_tokens: ['gen_ai.usage.reasoning.output_tokens', 'gen_ai.usage.reasoning_tokens', 'gen_ai.usage.output_tokens.reasoning', 'gen_ai.usage.details.reasoning_tokens', 'gen_ai.usage.completion_details.reasoning', 'gen_ai.usage.completion_tokens_details.reasoning_tokens', 'gen_ai.usage.completion_tokens_details.reasoning', 'gen_ai.usage.output_reasoning_tokens', 'llm.token_count.completion_details.reasoning', 'ai.usage.outputTokenDetails.reasoningTokens', 'ai.usage.reasoningTokens', 'llm.usage.reasoning_tokens', 'thoughts_token_count', 'reasoning_token_count'],
  input_audio_tokens: ['gen_ai.usage.audio.input_tokens', 'gen_ai.usage.details.input_audio_tokens', 'gen_ai.usage.prompt_tokens_details.audio', 'llm.token_count.prompt_details.audio'],
  output_audio_tokens: ['gen_ai.usage.audio.output_tokens', 'gen_ai.usage.details.output_audio_tokens', 'gen_ai.usage.completion_tokens_details.audio', 'llm.token_count.completion_details.audio'],
  input_image_tokens: ['gen_ai.usage.image.input_tokens'],
  output_image_tokens: ['gen_ai.usage.image.output_tokens'],
  input_video_tokens: ['gen_ai.usage.video.input_tokens'],
  reported_cost_usd: ['gen_ai.usage.cost', 'gen_ai.usage.total_cost', 'gen_ai.usage.cost_usd', 'gen_ai.cost', 'gen_ai.cost.total_cost', 'gen_ai.cost.total_tokens', 'gen_ai.usage.estimated_cost', 'llm.cost.total', 'llm.usage.cost', 'litellm.response-cost', 'litellm.response_cost', 'operation.cost', 'tokenjam.cost_usd', 'cost_usd'],
  session_id: ['gen_ai.conversation.id', 'session.id', 'langfuse.session.id', 'traceloop.association.properties.session_id', 'traceloop.association.properties.conversation_id', 'ai.telemetry.metadata.sessionId', 'langsmith.trace.session_id', 'conversation.id'],
  user_id: ['user.id', 'enduser.id', 'langfuse.user.id', 'traceloop.association.properties.user_id', 'ai.telemetry.metadata.userId', 'metadata.user_api_key_user_id', 'user.email'],
  customer: ['tenant.id', 'customer.id', 'tenant', 'customer', 'metadata.user_api_key_end_user_id'],
  team: ['team', 'team.id', 'team.name', 'metadata.user_api_key_team_alias', 'metadata.user_api_key_team_id'],
  environment: ['deployment.environment.name', 'deployment.environment', 'langfuse.environment'],
  feature: ['feature', 'app.feature', 'feature.name', 'ai.telemetry.functionId', 'gen_ai.workflow.name', 'traceloop.workflow.name', 'gen_ai.agent.name', 'langfuse.trace.name'],
  prompt_name: ['gen_ai.prompt.name', 'langfuse.observation.prompt.name'],
  temperature: ['gen_ai.request.temperature', 'ai.settings.temperature', 'llm.request.temperature'],
  max_tokens: ['gen_ai.request.max_tokens', 'ai.settings.maxOutputTokens', 'ai.settings.maxTokens', 'llm.request.max_tokens'],
  finish_reason: ['gen_ai.response.finish_reasons', 'gen_ai.response.finish_reason', 'ai.response.finishReason', 'llm.finish_reason', 'finish_reasons'],
  service_tier: ['openai.response.service_tier', 'gen_ai.openai.response.service_tier', 'gen_ai.response.service_tier', 'anthropic.response.service_tier', 'openai.request.service_tier', 'gen_ai.openai.request.service_tier', 'gen_ai.request.service_tier'],
  speed: ['speed'],
  latency_ms: ['duration_ms', 'duration'],
  ttft_ms: ['ttft_ms', 'ai.response.msToFirstChunk'],
  attempt: ['attempt'],
} as const satisfies Partial<Record<CallField, Names>> // prettier-ignore

/** Ids by which an event names its call. */
export const requestIds: Names = ['request_id', 'client_request_id', 'x-request-id']

/** What tells apart the events of a session that name no call. */
export const eventMarks: Names = ['prompt_id', 'event.sequence', 'event.timestamp', 'model', 'duration_ms']

/** Ids of answers. */
export const responseIds: Names = ['gen_ai.response.id', 'ai.response.id', 'llm.response.id']

/** Times to the first part of an answer, in seconds. */
export const firstPartSeconds: Names = ['gen_ai.response.time_to_first_chunk', 'gen_ai.server.time_to_first_token', 'gen_ai.response.time_to_first_token'] // prettier-ignore

/** The record's own sums of tokens. */
export const totalNames: Names = ['gen_ai.usage.total_tokens', 'llm.token_count.total', 'llm.usage.total_tokens', 'ai.usage.totalTokens', 'gen_ai.client.token.usage', 'total_token_count'] // prettier-ignore

/** Parts of the cost, which make it up where no whole is told. */
export const costParts: Names = ['llm.cost.prompt', 'llm.cost.completion']

/** Input tokens of tools' answers, beside the input. */
export const toolNames: Names = ['tool_token_count']

/** What says what kind of work a span is. */
export const kindNames = {
  operation: 'gen_ai.operation.name',
  vercel: 'ai.operationId',
  openinference: 'openinference.span.kind',
  langfuse: 'langfuse.observation.type',
  langsmith: 'langsmith.span.kind',
  mlflow: 'mlflow.spanType',
  traceloop: 'traceloop.span.kind',
  request: 'llm.request.type',
  event: 'event.name',
  /** Of Codex's stream events. */
  eventKind: 'event.kind',
} as const

/** What says how a call ended. */
export const endNames: Names = ['error.type', 'http.response.status_code', 'http.status_code', 'status_code', 'response_code'] // prettier-ignore

/** What says that a call failed where the span itself does not, as a level of importance. */
export const levelName = 'langfuse.observation.level'

/** When the first part of an answer came, as a time. */
export const firstPartTime = 'langfuse.observation.completion_start_time'

/** Moments of an event or of a gateway's line. */
export const timeNames: Names = ['event.timestamp', 'start_time']

/** Attributes whose text is a JSON object with counts or amounts. */
export const usageTexts: Names = ['langfuse.observation.usage_details', 'langfuse.observation.cost_details', 'mlflow.chat.tokenUsage', 'mlflow.llm.cost'] // prettier-ignore

/** Attributes whose text is what the request asked for, as JSON. */
export const askedTexts: Names = ['llm.invocation_parameters', 'embedding.invocation_parameters', 'langfuse.observation.model.parameters'] // prettier-ignore

/** Attributes whose text is what a provider said beside the answer, as JSON: of it, what `addedShape` names is read. */
export const addedTexts: Names = ['ai.response.providerMetadata']

/** Counts, costs and modes that a provider adds: what the kit's own attributes leave out. */
export const addedShape = {
  anthropic: { cacheCreationInputTokens: 'VARCHAR', cacheReadInputTokens: 'VARCHAR', usage: { cache_creation_input_tokens: 'VARCHAR', cache_read_input_tokens: 'VARCHAR', cache_creation: { ephemeral_1h_input_tokens: 'VARCHAR' } } },
  bedrock: { usage: { cacheReadInputTokens: 'VARCHAR', cacheWriteInputTokens: 'VARCHAR' } },
  openai: { cachedPromptTokens: 'VARCHAR', reasoningTokens: 'VARCHAR', serviceTier: 'VARCHAR' },
  azure: { cachedPromptTokens: 'VARCHAR', reasoningTokens: 'VARCHAR', serviceTier: 'VARCHAR' },
  deepseek: { promptCacheHitTokens: 'VARCHAR' },
  gateway: { cost: 'VARCHAR' },
  openrouter: { usage: { cost: 'VARCHAR' } },
} as const // prettier-ignore

/** Where `addedShape` has a field, the first that is there counts. */
export const addedFields = {
  cache_read_input_tokens: [['anthropic', 'cacheReadInputTokens'], ['anthropic', 'usage', 'cache_read_input_tokens'], ['bedrock', 'usage', 'cacheReadInputTokens'], ['openai', 'cachedPromptTokens'], ['azure', 'cachedPromptTokens'], ['deepseek', 'promptCacheHitTokens']],
  cache_creation_input_tokens: [['anthropic', 'cacheCreationInputTokens'], ['anthropic', 'usage', 'cache_creation_input_tokens'], ['bedrock', 'usage', 'cacheWriteInputTokens']],
  cache_creation_1h_input_tokens: [['anthropic', 'usage', 'cache_creation', 'ephemeral_1h_input_tokens']],
  reasoning_output_tokens: [['openai', 'reasoningTokens'], ['azure', 'reasoningTokens']],
  reported_cost_usd: [['gateway', 'cost'], ['openrouter', 'usage', 'cost']],
  service_tier: [['openai', 'serviceTier'], ['azure', 'serviceTier']],
} as const satisfies Partial<Record<CallField, readonly Names[]>> // prettier-ignore

/** Attributes whose text is the whole answer, as JSON: of it, the id is read. */
export const answerTexts: Names = ['output.value']

/** Labels that become tags, under shorter names. */
export const labelNames: Readonly<Record<string, string>> = {
  'gen_ai.agent.name': 'agent',
  'gen_ai.agent.id': 'agent_id',
  'gen_ai.workflow.name': 'workflow',
  'traceloop.entity.name': 'entity',
  query_source: 'query_source',
  effort: 'effort',
  role: 'role',
  auth_type: 'auth_type',
  'prompt.id': 'prompt_id',
  prompt_id: 'prompt_id',
  'organization.id': 'organization',
  'terminal.type': 'terminal',
  'metadata.user_api_key_alias': 'key_name',
  'metadata.user_api_key_hash': 'key_hash',
}

/** Beginnings of labels that people give their spans themselves: the tag goes by what follows. */
export const labelPrefixes: Names = ['ai.telemetry.metadata.', 'traceloop.association.properties.', 'langfuse.trace.metadata.', 'langfuse.observation.metadata.', 'langsmith.metadata.', 'metadata.'] // prettier-ignore

/** What people called a label of theirs. */
export const bare = (name: string): string =>
  labelPrefixes.reduce((rest, prefix) => (rest.startsWith(prefix) ? rest.slice(prefix.length) : rest), name)

/** Every attribute that a plan may read. */
export const knownNames: Names = [
  ...new Set([
    ...Object.values(attributeNames).flat(),
    ...requestIds,
    ...eventMarks,
    ...responseIds,
    ...firstPartSeconds,
    ...totalNames,
    ...toolNames,
    ...costParts,
    ...Object.values(kindNames),
    ...endNames,
    ...timeNames,
    ...usageTexts,
    levelName,
    firstPartTime,
    ...Object.keys(labelNames),
  ]),
]

/** Attributes that say again what is read, or a part of it: no price is theirs. */
export const freeAttributes: readonly (readonly [path: string | readonly string[], reason: string])[] = [
  ['anthropic.usage.cache_creation.ephemeral_5m_input_tokens', 'a part of what was written to the cache'],
  ['cost_usd_micros', 'the cost again, in millionths of a dollar'],
  ['ai.usage.inputTokenDetails.noCacheTokens', 'a part of the input'],
  ['ai.usage.outputTokenDetails.textTokens', 'a part of the output'],
  ['gen_ai.usage.text.input_tokens', 'a part of the input'],
  ['gen_ai.usage.text.output_tokens', 'a part of the output'],
  ['gen_ai.usage.details.input_tokens', "the provider's own count; the sum counts"],
  ['gen_ai.usage.details.output_tokens', "the provider's own count; the sum counts"],
  ['gen_ai.usage.details.accepted_prediction_tokens', 'a part of the output'],
  ['gen_ai.usage.details.rejected_prediction_tokens', 'a part of the output'],
  ['gen_ai.cost.input_cost', 'a part of the cost'],
  ['gen_ai.cost.output_cost', 'a part of the cost'],
  ['gen_ai.cost.input_tokens', 'a part of the cost'],
  ['gen_ai.cost.output_tokens', 'a part of the cost'],
  ['llm.cost.prompt', 'a part of the cost'],
  ['llm.cost.completion', 'a part of the cost'],
  [['langfuse.observation.cost_details', 'input'], 'a part of the cost'],
  [['langfuse.observation.cost_details', 'output'], 'a part of the cost'],
  [['mlflow.llm.cost', 'input_cost'], 'a part of the cost'],
  [['mlflow.llm.cost', 'output_cost'], 'a part of the cost'],
]
