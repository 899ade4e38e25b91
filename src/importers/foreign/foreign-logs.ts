/** Logs of calls in shapes that no importer knows yet: refused by name until one does. */
import type { Signature } from './foreign.js'
import { has, hasAny, listHas, word } from './foreign-marks.js'
import { isObject } from '../sample-values.js'

const responses = "What is read today: the provider's own responses, one a line, as the application logs them"
const gateway = `${responses}, or a gateway's LiteLLM spend log.`
const ownRecords = `${responses}, or records of your own with a time, a model, and input and output tokens.`

const traces: readonly Signature[] = [
  {
    id: 'otel-spans',
    about: 'spans of OpenTelemetry in another form than OTLP',
    why: 'parent spans repeat what their children count',
    kind: 'not-read-yet',
    next: ownRecords,
    matches: (r, sample) =>
      (hasAny(r, 'scopeSpans', 'scopeLogs') && sample.records.includes(r)) ||
      (has(r, 'traceId', 'spanId') && hasAny(r, 'startTimeUnixNano', 'timeUnixNano')) ||
      // A time in two numbers is that of an exporter to a file, and no OTLP.
      (!['startTime', 'endTime'].some((key) => Array.isArray(r[key])) &&
        hasAny(r, 'trace_id', 'traceId', 'TraceId') &&
        hasAny(r, 'span_id', 'spanId', 'SpanId') &&
        ['attributes', 'span_attributes', 'SpanAttributes'].some(
          (key) => isObject(r[key]) && Object.keys(r[key]).some((name) => /^(?:gen_ai|llm|ai)\./.test(name)),
        )),
  },
  {
    id: 'otlp-metrics',
    about: 'a file of OpenTelemetry metrics',
    why: 'they sum up many calls',
    kind: 'no-calls',
    next: ownRecords,
    // Some programs, and collectors, write events and metrics into one file: the events are read.
    matches: (r, { records }) =>
      hasAny(r, 'resourceMetrics', 'resource_metrics', 'scopeMetrics') &&
      !records.some(
        (one) =>
          (isObject(one['attributes']) && has(one, 'hrTime')) ||
          hasAny(one, 'resourceSpans', 'resourceLogs', 'resource_spans', 'resource_logs'),
      ),
  },
  {
    id: 'weave',
    about: 'an export of W&B Weave',
    why: 'parents sum up their children',
    kind: 'not-read-yet',
    next: ownRecords,
    matches: (r) =>
      has(r, 'op_name', 'started_at') &&
      (hasAny(r, 'summary', 'parent_id') || Object.keys(r).some((key) => key.startsWith('summary.'))),
  },
  {
    id: 'mlflow-table',
    about: "a table of MLflow's traces as CSV",
    why: 'a cell holds all spans of a trace',
    kind: 'no-calls',
    next: "Export it as JSON, one a line: traces.to_json('traces.jsonl', orient='records', lines=True).",
    matches: (r, { kind }) =>
      kind === 'csv' &&
      hasAny(r, 'trace_metadata', 'request_metadata') &&
      hasAny(r, 'trace_id', 'request_id') &&
      hasAny(r, 'spans', 'trace'),
  },
  {
    id: 'mlflow-runs',
    about: "a table of MLflow's runs",
    why: 'a run is no call, and its metrics sum up many',
    kind: 'no-calls',
    next: 'Its traces are read: mlflow traces search --experiment-id ID --output json.',
    matches: (r) =>
      has(r, 'run_id', 'experiment_id') &&
      hasAny(r, 'artifact_uri', 'status', 'start_time') &&
      Object.keys(r).some((key) => /^(?:metrics|params|tags\.mlflow)\./.test(key)),
  },
]

const langfuse: readonly Signature[] = [
  {
    id: 'langfuse-traces',
    about: "a table of Langfuse's traces, sessions or days",
    why: 'each row sums up its calls',
    kind: 'no-calls',
    next: 'Its observations are read: Tracing → Observations → Export, or whole traces with their observations.',
    matches: (r) =>
      !listHas(r, 'observations', 'type', 'startTime') &&
      ((has(r, 'timestamp', 'totalCost') &&
        hasAny(r, 'bookmarked', 'observationCount', 'htmlPath', 'observations')) ||
        has(r, 'countTraces') ||
        (has(r, 'sessionDuration') && hasAny(r, 'totalCost', 'totalTokens'))),
  },
]

const gateways: readonly Signature[] = [
  {
    id: 'portkey',
    about: 'a log export of Portkey',
    why: 'its costs are in cents',
    kind: 'not-read-yet',
    next: gateway,
    matches: (r) =>
      has(r, 'req_units', 'res_units') || (has(r, 'ai_org', 'ai_model') && hasAny(r, 'cost', 'total_units')),
  },
]

const azure: readonly Signature[] = [
  {
    id: 'azure-openai-diagnostics',
    about: "Azure OpenAI's diagnostic log",
    why: 'it counts bytes, and no tokens',
    kind: 'no-calls',
    next: "What is read: API Management's log of language models (category GatewayLlmLogs), or the responses as the application logs them.",
    matches: (r) =>
      ['RequestResponse', 'AzureOpenAIRequestUsage'].includes(word(r, 'category') || word(r, 'Category')) &&
      hasAny(r, 'properties', 'properties_s', 'resourceId', 'ResourceId', '_ResourceId'),
  },
  {
    id: 'azure-gateway-log',
    about: "API Management's log of requests, without their bodies",
    why: 'it counts no tokens',
    kind: 'no-calls',
    next: 'Export the log of language models instead: category GatewayLlmLogs, table ApiManagementGatewayLlmLog.',
    matches: (r, { records }) =>
      word(r, 'category').endsWith('GatewayLogs') &&
      !JSON.stringify(records).match(/GatewayLlmLogs|(?:backendR|r)esponseBody/i),
  },
  {
    id: 'azure-metrics',
    about: 'metrics of Azure Monitor',
    why: 'they sum up many calls',
    kind: 'no-calls',
    next: "What is read: API Management's log of language models (category GatewayLlmLogs), or the responses as the application logs them.",
    matches: (r) =>
      (hasAny(r, 'metricName', 'MetricName') &&
        hasAny(r, 'timeGrain', 'TimeGrain') &&
        hasAny(r, 'total', 'Total', 'count', 'Count')) ||
      (has(r, 'timespan', 'interval', 'value') && listHas(r, 'value', 'timeseries')) ||
      has(r, 'valueSum', 'valueCount', 'customDimensions'),
  },
]

const others: readonly Signature[] = [
  {
    id: 'claude-code-run',
    about: 'what a run of Claude Code prints as it goes (stream-json)',
    why: 'its messages are written before their answers are complete, and its last line adds them up again',
    kind: 'no-calls',
    next: 'The session of the run is read: ~/.claude/projects.',
    matches: (r, { records }) =>
      r['type'] === 'system' &&
      has(r, 'subtype', 'session_id', 'tools') &&
      records.some((one) => one['type'] === 'assistant' && has(one, 'session_id', 'parent_tool_use_id')),
  },
  {
    id: 'claude-code-stats',
    about: "Claude Code's own statistics",
    why: 'they sum up its sessions',
    kind: 'no-calls',
    next: 'Its sessions are read: ~/.claude/projects.',
    matches: (r) =>
      has(r, 'dailyModelTokens') ||
      has(r, 'modelUsage', 'dailyActivity') ||
      has(r, 'session_id', 'project_path', 'user_message_count', 'assistant_message_count') ||
      has(r, 'numStartups', 'projects'),
  },
]

export const foreignLogs: readonly Signature[] = [...langfuse, ...gateways, ...azure, ...traces, ...others]
