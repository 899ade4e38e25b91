/** Shapes of other tools are refused by name, whatever the generic reader would make of them. */
import { describe, expect, test } from 'vitest'
import { foreignShape } from '../../../src/importers/foreign/foreign.js'
import { importers } from '../../../src/importers/registry.js'
import { recognise } from '../../../src/ingest/files/sniff.js'

const options = { map: {}, set: {} }

/** The importer's id, or what was said. */
function reading(text: string, given: Partial<Parameters<typeof recognise>[3]> = {}): string {
  try {
    const found = recognise(Buffer.from(text), true, 'f', { ...options, ...given })
    return found === undefined ? 'empty' : found.importer.id
  } catch (error) {
    return (error as Error).message
  }
}

const hint = (text: string): string => {
  try {
    recognise(Buffer.from(text), true, 'f', options)
    return ''
  } catch (error) {
    return (error as { hint: string }).hint
  }
}

/** Whether a file with this text is named when it stands in a folder. */
const mayHoldCalls = (text: string): boolean | undefined => {
  try {
    recognise(Buffer.from(text), true, 'f', options)
    return undefined
  } catch (error) {
    return (error as { mayHoldCalls: boolean }).mayHoldCalls
  }
}

const record = (value: unknown): string => `${JSON.stringify(value)}\n`

/** Shapes as the tools write them, cut down to what tells them. */
const logs: readonly (readonly [name: string, text: string])[] = [
  ['another form than OTLP', record({ resource: {}, scopeSpans: [] })],
  ['OpenTelemetry metrics', record({ resourceMetrics: [] })],
  [
    "Azure OpenAI's diagnostic log",
    record({
      category: 'RequestResponse',
      correlationId: 'c',
      durationMs: 1021,
      operationName: 'ChatCompletions_Create',
      properties: { requestLength: 128, responseLength: 1411, modelName: 'gpt-35-turbo' },
      resourceId: '/SUBSCRIPTIONS/0',
      time: '2026-09-14T10:00:00.4350000Z',
    }),
  ],
  [
    "API Management's log of requests",
    record({
      category: 'GatewayLogs',
      correlationId: 'c',
      time: '2026-09-14T10:00:00Z',
      properties: { method: 'POST', responseCode: 200, backendTime: 176 },
    }),
  ],
  [
    'metrics of Azure Monitor',
    record({
      count: 2,
      total: 900,
      average: 450,
      metricName: 'ProcessedPromptTokens',
      timeGrain: 'PT1M',
      time: '2026-09-14T10:00:00Z',
    }),
  ],
  [
    'metrics of Azure Monitor',
    record({
      cost: 59,
      timespan: 'a/b',
      interval: 'PT1M',
      value: [{ name: { value: 'GeneratedTokens' }, timeseries: [] }],
    }),
  ],
  [
    'Weave',
    record({
      id: 'c',
      op_name: 'weave:///a/b/op/x:1',
      started_at: '2026-09-14T09:00:00Z',
      summary: { usage: {} },
    }),
  ],
  [
    "MLflow's traces as CSV",
    'trace_id,trace,state,request_time,trace_metadata,tags,spans\ntr-1,{},OK,1,{},{},[]\n',
  ],
  [
    "MLflow's runs",
    'run_id,experiment_id,status,artifact_uri,start_time,end_time,metrics.input_tokens,metrics.cost,params.model,tags.mlflow.user\nr1,1,FINISHED,x,2026-05-01,2026-05-01,1500,0.01,gpt-5-mini,me\n',
  ],
  [
    "Langfuse's traces",
    record({
      id: 't1',
      timestamp: '2026-10-05T08:00:00.000Z',
      name: 'answer',
      htmlPath: '/project/p/traces/t1',
      latency: 2,
      totalCost: 0.0045,
      observations: ['o1', 'o2'],
    }),
  ],
  [
    "table of Langfuse's traces",
    'id,name,timestamp,userId,bookmarked,observationCount,latency,totalCost,promptTokens,completionTokens\nt1,x,2026-10-05T08:00:00.000Z,u,false,3,2,0.0045,1000,200\n',
  ],
  [
    'Portkey',
    record({
      id: 'pk',
      created_at: '2026-09-21T14:13:20.500Z',
      ai_org: 'openai',
      ai_model: 'gpt-5-mini',
      req_units: 1200,
      res_units: 100,
      cost: 0.051,
      cost_currency: 'USD',
    }),
  ],
]

const bills: readonly (readonly [name: string, text: string])[] = [
  [
    'FOCUS',
    'BilledCost,BillingCurrency,ChargePeriodStart,ChargePeriodEnd,ServiceName\n1,USD,2026-05-01T00:00:00Z,2026-05-02T00:00:00Z,x\n',
  ],
  ["OpenAI's usage", record({ object: 'page', data: [{ object: 'bucket', start_time: 1, results: [] }] })],
  [
    "OpenAI's dashboard",
    'start_time,end_time,start_time_iso,end_time_iso,model,num_model_requests,input_tokens,output_tokens\n1790000000,1790000060,a,b,m,3.0,10,20\n',
  ],
  [
    "Anthropic's usage",
    record({
      data: [{ starting_at: '2026-10-01T00:00:00Z', ending_at: '2026-10-02T00:00:00Z', results: [] }],
    }),
  ],
  ["Anthropic's console", 'usage_date_utc,model,cost_usd\n2026-09-01,Claude,1.5\n'],
  [
    'AWS',
    'line_item_usage_start_date,line_item_usage_type,line_item_usage_amount,line_item_unblended_cost\n',
  ],
  [
    'Google Cloud',
    record({ billing_account_id: 'a', sku: {}, usage_start_time: '2026-09-03 00:00:00 UTC', cost: 1 }),
  ],
  [
    'LiteLLM',
    record({
      date: '2026-09-01',
      model: 'm',
      prompt_tokens: 100,
      completion_tokens: 10,
      spend: 1,
      api_requests: 12,
      successful_requests: 12,
    }),
  ],
  [
    'OpenRouter',
    record({
      data: [{ date: '2025-08-24', model: 'm', model_permaslug: 'm', requests: 5, prompt_tokens: 50 }],
    }),
  ],
  [
    'DeepSeek',
    'user_id,utc_date,model,api_key_name,api_key,type,price,amount\nu,2026-09-01,m,k,sk,output_tokens,0.1,5\n',
  ],
  ['DeepSeek', 'user_id,utc_date,model,wallet_type,cost,currency\nu,2026-09-01,m,Paid,0.5,CNY\n'],
  ['DeepSeek', 'user_id,utc_date,model,cost,currency\nu,20260901,m,0.5,CNY\n'],
  [
    'DeepSeek',
    'user_id,start_time_iso,end_time_iso,model,api_key_name,api_key,type,price,amount\nu,2026-09-01T00:00:00+08:00,2026-09-02T00:00:00+08:00,m,k,sk,output_tokens,0.1,5\n',
  ],
  ['llmcost', record({ schemaVersion: 2, kind: 'breakdown', period: {}, columns: [], rows: [] })],
  [
    'how many calls',
    'date,model,requests,input_tokens,output_tokens,cost\n2026-09-01,m,12,100,20,0.4\n2026-09-02,m,1,10,2,0.1\n',
  ],
]

/** Answers that tell money up to a moment. */
const balances: readonly (readonly [name: string, text: string, instead: string])[] = [
  [
    "OpenRouter's credits",
    record({ data: { total_credits: 100.5, total_usage: 25.75 } }),
    '/api/v1/activity',
  ],
  [
    "OpenRouter's credits",
    '{\n  "data": {\n    "total_credits": 110,\n    "total_usage": 0\n  }\n}\n',
    '/api/v1/activity',
  ],
  ["OpenRouter's credits", record({ data: { totalCredits: 100.5, totalUsage: 25.75 } }), '/api/v1/activity'],
  [
    "OpenRouter's keys",
    record({
      data: {
        label: 'sk-or-v1-au7...890',
        limit: 100,
        usage: 25.5,
        usage_daily: 25.5,
        limit_remaining: 74.5,
        is_free_tier: false,
      },
    }),
    '/api/v1/activity',
  ],
  [
    'DeepSeek',
    record({
      is_available: true,
      balance_infos: [
        { currency: 'CNY', total_balance: '110.00', granted_balance: '10.00', topped_up_balance: '100.00' },
      ],
    }),
    'Export the month',
  ],
]

/** Sources that read bills. */
const sources: Readonly<Record<string, string>> = {
  FOCUS: 'focus',
  "OpenAI's usage": 'openai-bill',
  "OpenAI's dashboard": 'openai-bill',
  "Anthropic's usage": 'anthropic-bill',
  "Anthropic's console": 'anthropic-bill',
  AWS: 'aws-cur',
  'Google Cloud': 'gcp-billing',
  LiteLLM: 'litellm-daily',
  OpenRouter: 'openrouter-activity',
  DeepSeek: 'deepseek-bill',
}

describe('shapes of other tools', () => {
  test.each(logs)('a log of %s is refused by name', (name, text) => {
    expect(reading(text)).toContain(name)
    expect(reading(text)).toMatch(/which is not read/)
    expect(hint(text)).not.toContain('--map')
    // Not even when fields are mapped: the shape would count twice all the same.
    expect(reading(text, { map: { ts: 'x' } })).toContain(name)
    expect(reading(text, { from: 'llmcost' })).toContain(name)
  })

  test.each(bills)('a bill of %s is no call', (name, text) => {
    // What no source of bills reads is refused by name.
    const source = sources[name]
    if (source === undefined) expect(reading(text)).toContain(name)
    else expect(recognise(Buffer.from(text), true, 'f', options)?.bill?.id).toBe(source)
    expect(reading(text, { map: { ts: 'x' } })).toMatch(/bill, not calls/)
    expect(reading(text, { from: 'litellm' })).toMatch(/bill, not calls/)
    expect(hint(text)).not.toContain('--map')
  })

  test.each(balances)(
    'a balance is neither a bill nor calls, whatever is told of it: %s',
    (name, text, instead) => {
      for (const given of [{}, { map: { ts: 'x' } }, { from: 'openrouter-activity' }, { from: 'llmcost' }]) {
        expect(reading(text, given)).toMatch(
          /^this is a balance, neither a bill nor calls: .*: its sums have no dates$/,
        )
        expect(reading(text, given)).toContain(name)
      }
      expect(hint(text)).toContain(instead)
      // Money stands in it: it is named in a folder, too.
      expect(mayHoldCalls(text)).toBe(true)
    },
  )

  test('an importer of that id takes a log out of the list, a bill stays', () => {
    const at = (text: string, ids: readonly string[]): string | undefined =>
      foreignShape({ kind: 'json', header: [], records: [JSON.parse(text) as Record<string, unknown>] }, ids)
        ?.id
    const [, weave] = logs.find(([name]) => name === 'Weave')!
    expect(at(weave, [])).toBe('weave')
    expect(at(weave, ['weave'])).toBeUndefined()
    expect(at(bills[1]![1], ['openai-usage'])).toBe('openai-usage')
    expect(importers.map(({ id }) => id)).not.toContain('weave')
  })

  test.each([
    [
      'llmcost',
      record({
        ts: '2026-10-01T00:00:00Z',
        trace_id: 't',
        span_id: 's',
        attributes: { team: 'a' },
        model: 'm',
        input_tokens: 1,
      }),
    ],
    [
      'llmcost',
      record({
        id: 'c',
        created_at: '2026-09-21T14:13:20Z',
        provider: 'openai',
        model: 'm',
        tokens_in: 1,
        tokens_out: 2,
        cached: false,
        cost: 0.1,
      }),
    ],
    ['llmcost', 'ts,model,calls,request_id,input_tokens\n2026-10-01,m,2,r,1\n'],
    ['llmcost', 'call_id,source,ts,model,input_tokens,output_tokens,cost_usd\n'],
    [
      'litellm',
      record({
        request_id: 'r',
        spend: 0.1,
        startTime: '2026-10-01T00:00:00Z',
        model: 'm',
        prompt_tokens: 1,
      }),
    ],
    [
      'openai',
      record({
        id: 'c',
        object: 'chat.completion',
        created: 1790000000,
        model: 'm',
        choices: [],
        usage: { prompt_tokens: 1 },
      }),
    ],
  ])('what is read stays read: %s', (id, text) => {
    expect(reading(text)).toBe(id)
  })
})

describe("Claude Code's own statistics, that sum up its sessions,", () => {
  test.each([
    record({
      session_id: 's',
      project_path: '/p',
      start_time: '2026-09-14T10:00:00Z',
      duration_minutes: 3,
      user_message_count: 2,
      assistant_message_count: 4,
      input_tokens: 1200,
      output_tokens: 300,
    }),
    record({ numStartups: 7, projects: { '/p': { lastCost: 0.5, lastTotalInputTokens: 1200 } } }),
  ])('are no calls, and pass as no log in a folder: %s', (text) => {
    expect(reading(text)).toContain("this is Claude Code's own statistics, which is not read")
    expect(mayHoldCalls(text)).toBe(false)
  })
})

test('what a run of Claude Code prints, whose last line adds up its messages, is refused; the last line alone is read', () => {
  const usage = { input_tokens: 3, output_tokens: 1 }
  const message = { id: 'msg_1', type: 'message', model: 'claude-sonnet-4-5', usage }
  const result = {
    type: 'result',
    session_id: 's-1',
    total_cost_usd: 0.02,
    usage: { ...usage, output_tokens: 300 },
  }
  const lines = [
    { type: 'system', subtype: 'init', session_id: 's-1', tools: [], model: 'claude-sonnet-4-5' },
    { type: 'assistant', message, parent_tool_use_id: null, session_id: 's-1' },
    result,
  ]
  const given = { set: { ts: '2026-05-05T00:00:00Z' } }
  expect(reading(lines.map(record).join(''), given)).toContain('what a run of Claude Code prints as it goes')
  expect(reading(record(result), given)).toBe('openai')
})

describe('records that are printed, and are no JSON', () => {
  test.each([
    ["{'timestamp': '2026-10-05T08:00:00Z', 'model': 'gpt-4o', 'input_tokens': 5}\n", 'printed Python dicts'],
    ["INFO:llm:{'model': 'gpt-4o', 'usage': {'input_tokens': 500}}\nINFO:llm:up\n", 'printed Python dicts'],
    ['ts=2026-10-05T08:00:00Z model=gpt-4o input_tokens=12 output_tokens=3\n', 'key=value text'],
    ['{:model=>"gpt-4o", :input_tokens=>12}\n', 'printed objects'],
    ["{ model: 'gpt-4o', usage: { prompt_tokens: 12 } }\n", 'printed objects'],
    ['calls:\n  - model: gpt-4o\n    input_tokens: 5\n    output_tokens: 6\n', 'key=value text'],
  ])('are refused by name, also in a folder: %s', (text, what) => {
    expect(reading(text)).toBe(`its records are ${what}, not JSON`)
    expect(mayHoldCalls(text)).toBe(true)
  })

  test.each([
    record({
      timestamp: '2026-10-05T08:00:00Z',
      model: 'm',
      usage: 'Usage(completion_tokens=17, prompt_tokens=9)',
    }),
    record({
      timestamp: '2026-10-05T08:00:00Z',
      model: 'm',
      usage: "{'prompt_tokens': 9, 'completion_tokens': 17}",
    }),
  ])('are named where a field holds one: %s', (text) => {
    expect(hint(text)).toContain('"usage" holds printed text, not JSON, and tells tokens')
    expect(mayHoldCalls(text)).toBe(true)
  })

  test('are refused where they look like JSON and are none', () => {
    const text =
      '{"ts": "2026-10-05T08:00:00Z", "model": "gpt-4o", "input_tokens": 5, "output_tokens": NaN}\n'
    expect(reading(text)).toBe('its records look like JSON, but none is')
    expect(mayHoldCalls(text)).toBe(true)
  })

  test.each([
    ['source code', "def f():\n    return {'input_tokens': 5, 'output_tokens': 2}\nx = 1\ny = 2\nz = 3\n"],
    ['notes', '# Notes\n\nWe used 512 tokens.\nmodel=gpt-4o tokens=5\n\nMore\nand more\nand more.\n'],
  ])('are no calls in %s', (_, text) => {
    expect(mayHoldCalls(text)).toBe(false)
  })
})

describe('records of fields that nobody knows', () => {
  test.each([
    record({ when: 1, used_tokens: 2 }),
    record({ stats: { cost: 0.5 } }),
    record({ results: [{ generated_token_count: 20, input_token_count: 100 }] }),
    'name,spend,clicks\nad,3,4\n',
  ])('are named in a folder where a number tells tokens or a cost: %s', (text) => {
    expect(mayHoldCalls(text)).toBe(true)
  })

  test.each([
    record({ max_tokens: 100, temperature: 0.5, model: 'gpt-4o' }),
    record({ name: 'x', version: '1.0.0', tokens: { spacing: 4 } }),
    record({ bos_token_id: 1, vocab_size: 32000, used_tokens: 0 }),
    record({ input_cost_per_token: 0.0000025, max_input_tokens: 128000 }),
    'a,b,c\n1,2,3\n',
  ])('pass as no log where none does: %s', (text) => {
    expect(mayHoldCalls(text)).toBe(false)
  })
})

describe('hints on fields that nobody knows', () => {
  test('name paths that reach inwards, and the model', () => {
    const text = record({
      meta: { when: '2026-10-01T00:00:00Z' },
      stats: { promptTokenCount: 10, candidatesTokenCount: 2, totalTokenCount: 12 },
      modelVersion: 'g',
    })
    expect(hint(text)).toContain(
      '--map ts=meta.when --map input_tokens=stats.promptTokenCount --map output_tokens=stats.candidatesTokenCount --map model=modelVersion',
    )
  })

  test('offer no map that leaves tokens out', () => {
    const text = record({
      meta: { when: '2026-10-01T00:00:00Z' },
      stats: { promptTokenCount: 10, candidatesTokenCount: 2, toolUsePromptTokenCount: 12 },
    })
    expect(hint(text)).not.toContain('--map')
    expect(hint(text)).toContain('stats.toolUsePromptTokenCount')
  })

  test('offer no map where there is nothing to map', () => {
    expect(hint(record({ role: 'user', content: 'hi' }))).not.toContain('--map')
    expect(hint('name,age\nann,3\n')).not.toContain('--map')
  })

  test.each([
    ['input tokens (k),output tokens (k)', 'thousands'],
    ["input tokens ('000),output tokens ('000)", 'thousands'],
    ['prompt ktokens,completion ktokens', 'thousands'],
    ['tokens (thousands),latency', 'thousands'],
    ['input tokens in thousands,output tokens in thousands', 'thousands'],
    ['input tokens (x1000),output tokens (x1000)', 'thousands'],
    ['input_mtok,output_mtok', 'millions'],
    ['Input Tokens (M),Output Tokens (M)', 'millions'],
    ['input tokens (avg),output tokens (avg)', 'a mean'],
    ['inputTokensP95,outputTokensP95', 'a mean'],
    ['cost ($/1k),latency', 'a rate'],
  ])('offer no map that makes a number wrong by a factor: %s', (header, scale) => {
    const said = hint(`timestamp,model,${header}\n2026-10-05T08:00:00Z,gpt-4o,12,3\n`)
    expect(said).not.toContain('--map')
    expect(said).toContain(`holds ${scale}, not the count of one call`)
  })

  test.each(['max_output_tokens', 'output_tokens_per_second', 'tokens_remaining'])(
    'offer no map of a limit or a rate: %s',
    (name) => {
      expect(hint(record({ when: '2026-10-01T00:00:00Z', [name]: 5 }))).not.toContain('--map')
    },
  )

  test('say that a number tells tokens, but not which', () => {
    expect(hint(record({ when: 1, used_tokens: 2 }))).toContain(
      '"used_tokens" tells one of them, but not which',
    )
  })

  test('say how to get at records in a list', () => {
    const text = record({ calls: [{ ts: '2026-10-01T00:00:00Z', model: 'm', input_tokens: 1 }] })
    expect(hint(text)).toContain("jq -c '.calls[]'")
  })

  test('quote names with spaces for the shell', () => {
    expect(hint('Call time,Tok in,Tok out\n2026-10-01,1,2\n')).toContain("--map 'ts=Call time'")
  })
})

test('a pretty-printed document is one record, even where a line of it is an object', () => {
  const text = '{\n  "resourceSpans": [\n    {"key": "a"},\n    {"key": "b"}\n  ]\n}\n'
  expect(reading(text)).toBe('otel')
})

test('the beginning of a large document tells what it is', () => {
  const text = `{"data": [${Array.from({ length: 30 }, (_, i) => `{"id": "o${i}", "traceId": "t", "type": "SPAN", "parentObservationId": null, "input": "${'x'.repeat(200)}"}`).join(',')}`
  expect(recognise(Buffer.from(text), false, 'f', options)?.importer.id).toBe('langfuse')
})
