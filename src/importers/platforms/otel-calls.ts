/** Which spans and events are calls of a model, by their own word and by their usage; in SQL over a record. */
import type { Document } from '../document.js'
import { attributeNames, kindNames, totalNames, usageTexts } from './otel-names.js'

/** Operations that are one call of a model. */
const inference = ['chat', 'chat.completions', 'text_completion', 'text.completions', 'completion', 'generate_content', 'embeddings', 'embedding', 'response', 'responses', 'message', 'messages'] // prettier-ignore

/** Operations of agents and their tools: what they count, the calls below them count. */
const others = ['invoke_agent', 'create_agent', 'execute_tool', 'invoke_workflow', 'plan', 'chain', 'workflow', 'task', 'agent', 'tool', 'retrieval', 'search_memory', 'create_memory', 'update_memory', 'upsert_memory', 'delete_memory'] // prettier-ignore

/** Events that tell a call; each agent that has them names them by itself. */
const isCallEvent = String.raw`^(?:claude_code\.)?api_request$|^[a-z0-9-]+[._](?:cli|code)\.api_response$|^[a-z0-9-]+\.api_response$`

/** The event of the conventions; agents that have one of their own write it beside. */
export const standardEvent = 'gen_ai.client.inference.operation.details'

/** SQL: true for events of Claude Code, whose counts keep cached tokens apart. */
export const isClaudeCode = (doc: Document): string =>
  `(coalesce(${doc.text('otlp', 'scope')}, '') LIKE 'com.anthropic.claude_code%' OR coalesce(${doc.text('otlp', 'event')}, '') LIKE 'claude_code.%' OR coalesce(${doc.text('otlp', 'name')}, '') LIKE 'claude_code.%')`

/**
 * SQL: true for a call of a model, whether its usage is known or not; false for what only looks so.
 * @param has whether any record has an attribute
 */
export function isCall(doc: Document, has: (name: string) => boolean): string {
  const text = (name: string): string => (has(name) ? doc.text(name) : 'CAST(NULL AS VARCHAR)')
  const word = (name: string): string => `lower(trim(${text(name)}, '" '))`
  const isOneOf = (sql: string, list: readonly string[]): string =>
    `list_contains([${list.map((one) => `'${one}'`).join(', ')}], ${sql})`
  const usage = [
    ...attributeNames.input_tokens,
    ...attributeNames.output_tokens,
    ...attributeNames.reported_cost_usd,
    ...totalNames,
    ...usageTexts,
  ].filter(has)
  const hasUsage =
    usage.length === 0
      ? 'false'
      : `coalesce(${usage.map((name) => `nullif(${doc.text(name)}, '-')`).join(', ')}) IS NOT NULL`
  const event = `coalesce(${text(kindNames.event)}, ${doc.text('otlp', 'event')})`
  const isEvent = `${doc.text('otlp', 'start')} IS NULL`
  const gatewayLine = `(${hasUsage} OR ${text('gen_ai.request.model')} IS NOT NULL)`
  const ofAgent = `regexp_matches(coalesce(${doc.text('otlp', 'scope')}, ''), '(?i)^(?:gemini|qwen)')`
  const ofEvent = `CASE WHEN ${event} IS NULL THEN ${gatewayLine}
    WHEN ${event} = '${standardEvent}' THEN NOT ${ofAgent}
    WHEN ${event} = 'codex.sse_event' THEN ${text(kindNames.eventKind)} = 'response.completed'
    ELSE regexp_matches(${event}, '${isCallEvent}') AND (${hasUsage} OR ${event} NOT LIKE '%api_request') END`
  const kinds = ['openinference', 'langfuse', 'langsmith', 'mlflow'] as const
  const byKind = kinds
    .filter((kind) => has(kindNames[kind]))
    .map(
      (kind) =>
        `WHEN ${text(kindNames[kind])} IS NOT NULL THEN ${isOneOf(word(kindNames[kind]), ['llm', 'embedding', 'generation', 'chat_model'])}`,
    )
  // A call of Vercel's kit stands in two spans; whether they are linked or not, only the inner one is it.
  const vercel = `coalesce(${text(kindNames.vercel)}, CASE WHEN regexp_matches(${doc.text('otlp', 'name')}, '^ai[.][a-z]+[A-Z]') THEN ${doc.text('otlp', 'name')} END)`
  const ofSpan = `CASE WHEN ${vercel} IS NOT NULL THEN regexp_matches(${vercel}, '[.]do[A-Z]')
    WHEN ${isOneOf(word(kindNames.operation), inference)} THEN true
    WHEN ${isOneOf(word(kindNames.operation), others)} THEN false
    ${byKind.join(' ')}
    WHEN ${doc.text('otlp', 'name')} = 'claude_code.llm_request' OR ${text(kindNames.request)} IS NOT NULL THEN true
    WHEN ${text(kindNames.traceloop)} IS NOT NULL THEN false
    ELSE ${hasUsage} END`
  return `CASE WHEN ${isEvent} THEN ${ofEvent} ELSE ${ofSpan} END`
}

/**
 * SQL for the name of the span above, as far as counts go: what a tool starts is no part of the call that asked
 * for the tool.
 */
export function parentOf(doc: Document, has: (name: string) => boolean): string {
  const kinds = [kindNames.operation, kindNames.openinference, kindNames.langfuse, kindNames.langsmith, kindNames.mlflow, kindNames.traceloop, kindNames.vercel] // prettier-ignore
  const tool = kinds
    .filter(has)
    .map(
      (name) =>
        `coalesce(lower(trim(${doc.text(name)}, '" ')) IN ('tool', 'execute_tool', 'ai.toolcall'), false)`,
    )
  const parent = doc.text('otlp', 'parent')
  return tool.length === 0 ? parent : `CASE WHEN ${tool.join(' OR ')} THEN NULL ELSE ${parent} END`
}
