/** Bills as other exports write them: older names, other units, other containers; what cannot be read is rejected. */
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { Database } from '../../../src/db/database.js'
import { askAll, ingestInto, Workshop, write } from '../../property/ingesting.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

type Rows = readonly (readonly unknown[])[]

/** The named columns of all charges of a file, amounts without the zeros behind the point. */
async function charges(name: string, content: string | Buffer, columns: string): Promise<Rows> {
  const db = workshop.store()
  const path = content === '' ? name : write(join(workshop.room(), name), content)
  const { files } = await ingestInto(db, [path])
  expect(files[0]?.state, files[0]?.note ?? '').toBe('read')
  const [rows = []] = await askAll(db, [`SELECT ${columns} FROM billed ORDER BY record, part`])
  return rows.map((row) => Object.values(row).map(short))
}

const short = (value: unknown): unknown =>
  typeof value === 'string' && /^-?\d+\.\d+$/.test(value) ? value.replace(/\.?0+$/, '') : value

const csv = (...rows: readonly (readonly string[])[]): string =>
  rows
    .map(
      (row) =>
        `${row.map((cell) => (/[,"]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\n`,
    )
    .join('')

test('Azure: meters of Azure OpenAI in thousands and millions, whatever the case of the names', async () => {
  const rows = await charges(
    'azure.csv',
    csv(
      [
        'date',
        'meterCategory',
        'meterSubCategory',
        'meterName',
        'quantity',
        'unitOfMeasure',
        'costInBillingCurrency',
        'billingCurrency',
        'chargeType',
        'SubscriptionId',
        'tags',
      ],
      [
        '09/03/2026',
        'Cognitive Services',
        'Azure OpenAI',
        'gpt-4o 1120 Inp glbl Tokens',
        '1500',
        '1K',
        '3.75',
        'USD',
        'Usage',
        'sub-1',
        '"env": "prod"',
      ],
      [
        '09/03/2026',
        'Foundry Models',
        'Azure OpenAI',
        'gpt 4.1 mini cached Inp glbl 1M Tokens',
        '2',
        '1M',
        '0.2',
        'USD',
        'Usage',
        'sub-1',
        '',
      ],
      [
        '09/03/2026',
        'Foundry Models',
        'Azure OpenAI',
        'gpt 4.1 mini Outp glbl 1M Tokens',
        '0.5',
        '1M',
        '0.8',
        'USD',
        'Usage',
        'sub-1',
        '',
      ],
      ['09/03/2026', 'Virtual Machines', 'Dv5', 'D2s v5', '24', '1 Hour', '2.3', 'USD', 'Usage', 'sub-1', ''],
    ),
    `strftime(charge_period_start, '%Y-%m-%d'), model, token_type, CAST(quantity AS VARCHAR), unit, CAST(billed_cost AS VARCHAR), is_llm, project, tags['env']`,
  )
  expect(rows).toEqual([
    ['2026-09-03', 'gpt-4o', 'input', '1500000', 'tokens', '3.75', true, 'sub-1', 'prod'],
    ['2026-09-03', 'gpt-4.1-mini', 'cache_read', '2000000', 'tokens', '0.2', true, 'sub-1', null],
    ['2026-09-03', 'gpt-4.1-mini', 'output', '500000', 'tokens', '0.8', true, 'sub-1', null],
    ['2026-09-03', null, null, '24', '1 Hour', '2.3', false, 'sub-1', null],
  ])
})

test('AWS: the older report, marketplace of 4.7 and later, discounts in rows of their own', async () => {
  const rows = await charges(
    'cur.csv',
    csv(
      [
        'bill/PayerAccountId',
        'bill/BillingEntity',
        'bill/BillingPeriodStartDate',
        'lineItem/LineItemType',
        'lineItem/UsageStartDate',
        'lineItem/UsageEndDate',
        'lineItem/ProductCode',
        'lineItem/UsageType',
        'lineItem/UsageAmount',
        'lineItem/CurrencyCode',
        'lineItem/UnblendedCost',
        'lineItem/NetUnblendedCost',
        'lineItem/LineItemDescription',
        'pricing/unit',
        'product/ProductName',
        'product/region',
      ],
      [
        '1',
        'AWS',
        '2026-09-01T00:00:00Z',
        'Usage',
        '2026-09-03T00:00:00Z',
        '2026-09-03T01:00:00Z',
        'AmazonBedrock',
        'USE1-Claude4.5Sonnet-cache-read-input-token-count-cross-region-global',
        '12.5',
        'USD',
        '0.00375',
        '0.003',
        '',
        '1K tokens',
        'Amazon Bedrock',
        'us-east-1',
      ],
      [
        '1',
        'AWS Marketplace',
        '2026-09-01T00:00:00Z',
        'Usage',
        '2026-09-03T00:00:00Z',
        '2026-09-03T01:00:00Z',
        'x',
        'USW2-MP:USW2_cache_write_1h_input_tokens_global_standard-Units',
        '0.25',
        'USD',
        '2.5',
        '2',
        'AWS Marketplace software usage|us-west-2|Million',
        'Units',
        'Claude Opus 4.7 (Amazon Bedrock Edition)',
        'us-west-2',
      ],
      [
        '1',
        'AWS',
        '2026-09-01T00:00:00Z',
        'EdpDiscount',
        '2026-09-03T00:00:00Z',
        '2026-09-03T01:00:00Z',
        'AmazonBedrock',
        '',
        '',
        'USD',
        '-0.5',
        '',
        'Enterprise discount',
        '',
        'Amazon Bedrock',
        'us-east-1',
      ],
    ),
    'model, token_type, CAST(quantity AS VARCHAR), CAST(billed_cost AS VARCHAR), CAST(effective_cost AS VARCHAR), region, charge_category, bill_span',
  )
  expect(rows).toEqual([
    ['claude-sonnet-4-5', 'cache_read', '12500', '0.00375', '0.003', 'global', 'Usage', '2026-09'],
    ['claude-opus-4-7', 'cache_write_1h', '250000', '2.5', '2', 'global', 'Usage', '2026-09'],
    [null, null, null, '-0.5', '0', 'us-east-1', 'Adjustment', '2026-09'],
  ])
})

test('LiteLLM: spend by day, tokens apart from it', async () => {
  const row = {
    date: '2026-09-01',
    user_id: 'u',
    api_key: 'k',
    model: 'gpt-4o',
    custom_llm_provider: 'openai',
    prompt_tokens: 1000,
    cache_read_input_tokens: 400,
    completion_tokens: 50,
    spend: 0,
    api_requests: 4,
    successful_requests: 4,
  }
  const text = JSON.stringify(row).replace(/"spend":[^,]*/, '"spend":0.0123456789012345678')
  expect(
    await charges(
      'daily.jsonl',
      text,
      'kind, biller, model, token_type, CAST(quantity AS VARCHAR), CAST(billed_cost AS VARCHAR)',
    ),
  ).toEqual([
    ['cost', 'litellm', 'gpt-4o', null, '4', '0.012345678901234568'],
    ['usage', 'litellm', 'gpt-4o', 'input', '600', null],
    ['usage', 'litellm', 'gpt-4o', 'cache_read', '400', null],
    ['usage', 'litellm', 'gpt-4o', 'output', '50', null],
  ])
})

test('OpenRouter: a page of activity', async () => {
  const page = {
    data: [
      {
        date: '2026-09-01',
        model: 'openai/gpt-4o',
        model_permaslug: 'openai/gpt-4o-2024-11-20',
        endpoint_id: 'e',
        provider_name: 'OpenAI',
        usage: 0.015,
        byok_usage_inference: 0,
        requests: 5,
        prompt_tokens: 50,
        completion_tokens: 125,
        reasoning_tokens: 25,
      },
    ],
  }
  expect(
    await charges(
      'activity.json',
      JSON.stringify(page),
      'kind, service, token_type, CAST(quantity AS VARCHAR), CAST(billed_cost AS VARCHAR)',
    ),
  ).toEqual([
    ['cost', 'OpenAI', null, '5', '0.015'],
    ['usage', 'OpenAI', 'input', '50', null],
    ['usage', 'OpenAI', 'output', '125', null],
  ])
})

test('Google Cloud: flattened columns, credits as JSON, labels twice', async () => {
  const rows = await charges(
    'gcp.csv.gz',
    gzipSync(
      csv(
        [
          'billing_account_id',
          'usage_start_time',
          'usage_end_time',
          'service_description',
          'sku_description',
          'cost',
          'currency',
          'usage_amount',
          'usage_unit',
          'credits',
          'labels',
          'cost_type',
        ],
        [
          'A',
          '2026-09-03 00:00:00 UTC',
          '2026-09-03 01:00:00 UTC',
          'Gemini API',
          'Generate content output token count gemini 2.5 flash',
          '2.5',
          'EUR',
          '1000000',
          'count',
          '[{"name":"a","amount":-0.25},{"name":"b","amount":-0.05}]',
          '[{"key":"t","value":"1"},{"key":"t","value":"2"}]',
          'regular',
        ],
      ),
    ),
    'model, token_type, CAST(quantity AS VARCHAR), CAST(billed_cost AS VARCHAR), currency, charge_category, is_llm',
  )
  expect(rows).toEqual([
    ['gemini-2.5-flash', 'output', '1000000', '2.5', 'EUR', 'Usage', true],
    ['gemini-2.5-flash', null, null, '-0.3', 'EUR', 'Credit', true],
  ])
})

test('FOCUS of a cloud without details of the SKU, in Parquet, every digit of its decimals', async () => {
  const path = join(workshop.room(), 'focus.parquet')
  const db = await Database.open(':memory:', 'write')
  await db.run(`COPY (SELECT CAST('0.123456789012345678' AS DECIMAL(38,18)) AS BilledCost, CAST('0.123456789012345678' AS DECIMAL(38,18)) AS EffectiveCost,
    CAST('0.2' AS DECIMAL(38,18)) AS ListCost, 'USD' AS BillingCurrency, '1' AS BillingAccountId, 'Usage' AS ChargeCategory,
    TIMESTAMPTZ '2026-09-03 00:00:00Z' AS ChargePeriodStart, TIMESTAMPTZ '2026-09-04 00:00:00Z' AS ChargePeriodEnd, 'AWS' AS ProviderName, 'AWS' AS InvoiceIssuerName,
    'Amazon Bedrock' AS ServiceName, 'USW2-Claude4.6Sonnet-output-tokens-batch' AS x_UsageType, '$0.00825 per 1K tokens' AS ChargeDescription,
    40.0 AS PricingQuantity, '1K tokens' AS PricingUnit, MAP {'team': 'search'} AS Tags) TO '${path}' (FORMAT parquet)`)
  db.close()
  expect(
    await charges(
      path,
      '',
      "provider, model, token_type, CAST(quantity AS VARCHAR), CAST(billed_cost AS VARCHAR), service_tier, tags['team'], charge_period_start",
    ),
  ).toEqual([
    [
      'aws',
      'claude-sonnet-4-6',
      'output',
      '40000',
      '0.123456789012345678',
      'batch',
      'search',
      '2026-09-03T00:00:00Z',
    ],
  ])
})

test('what cannot be read is rejected with its line and reason, and what says nothing is skipped', async () => {
  const db = workshop.store()
  const path = write(
    join(workshop.room(), 'bad.csv'),
    csv(
      [
        'BilledCost',
        'EffectiveCost',
        'BillingCurrency',
        'ChargeCategory',
        'ChargePeriodStart',
        'ChargePeriodEnd',
        'ConsumedQuantity',
        'ConsumedUnit',
      ],
      ['1', '1', 'USD', 'Usage', '2026-09-03', '2026-09-04', '1', 'Hours'],
      ['one', '1', 'USD', 'Usage', '2026-09-03', '2026-09-04', '1', 'Hours'],
      ['1', '1', '', 'Usage', '2026-09-03', '2026-09-04', '1', 'Hours'],
      ['1', '1', 'USD', 'Usage', 'soon', '2026-09-04', '1', 'Hours'],
      ['1', '1', 'USD', 'Usage', '2026-09-03', '2026-09-02', '1', 'Hours'],
      ['1', '1', 'USD', 'Usage', '2026-09-03', '2026-09-04', 'many', 'Hours'],
      ['', '', '', '', '', '', '', ''],
    ),
  )
  const { files } = await ingestInto(db, [path])
  expect(files[0]).toMatchObject({ lines: 8, imported: 1, skipped: 2, rejected: 5 })
  const [rows = []] = await askAll(db, ['SELECT line, reason FROM rejects ORDER BY line'])
  expect(rows.map((row) => Object.values(row))).toEqual([
    [3, 'billed_cost: no number, or too large'],
    [4, 'currency: missing'],
    [5, 'charge period: no time'],
    [6, 'charge period: ends before it begins'],
    [7, 'quantity: no number, or too large'],
  ])
})

test('Azure: output of the newer meters, and embeddings, whose meter says tokens alone', async () => {
  const meters = [
    ['gpt 5.1 opt Dz 1M Tokens', '1', '1M', '11'],
    ['text-embedding-3-small-glbl Tokens', '1000', '1K', '0.02'],
  ]
  const header = ['Date', 'MeterCategory', 'MeterSubCategory', 'MeterName', 'Quantity', 'UnitOfMeasure', 'CostInBillingCurrency', 'BillingCurrency'] // prettier-ignore
  const lines = meters.map(([name, quantity, unit, cost]) => ['10/05/2026', 'Foundry Models', 'Azure OpenAI', name!, quantity!, unit!, cost!, 'USD']) // prettier-ignore
  expect(
    await charges('azure.csv', csv(header, ...lines), 'model, token_type, quantity, unit, billed_cost'),
  ).toEqual([
    ['gpt-5.1', 'output', '1000000', 'tokens', '11'],
    ['text-embedding-3-small', 'input', '1000000', 'tokens', '0.02'],
  ])
})

test('AWS: models of usage types by the ids that calls have', async () => {
  const header = ['bill_payer_account_id', 'line_item_line_item_type', 'line_item_usage_start_date', 'line_item_usage_end_date', 'line_item_product_code', 'line_item_usage_type', 'line_item_usage_amount', 'line_item_unblended_cost', 'line_item_currency_code', 'pricing_unit'] // prettier-ignore
  const types = ['NovaLite-input-tokens', 'Nova2.0Lite-output-tokens', 'Llama3-3-70B-output-tokens', 'TitanEmbeddingsV2-Text-input-tokens'] // prettier-ignore
  const lines = types.map((type) => ['111', 'Usage', '2026-10-05 08:00:00', '2026-10-05 09:00:00', 'AmazonBedrock', `USE1-${type}`, '1000', '1', 'USD', '1K tokens']) // prettier-ignore
  expect(await charges('cur.csv', csv(header, ...lines), 'model, quantity')).toEqual([
    ['amazon.nova-lite-v1:0', '1000000'],
    ['amazon.nova-2-lite-v1:0', '1000000'],
    ['meta.llama3-3-70b-instruct-v1:0', '1000000'],
    ['amazon.titan-embed-text-v2:0', '1000000'],
  ])
})

test('Google Cloud: caching is input that was cached; FOCUS: Vertex AI sells models, and machines', async () => {
  const row = (sku: string): string =>
    JSON.stringify({
      billing_account_id: '01-A',
      service: { description: 'Vertex AI' },
      sku: { description: sku },
      usage_start_time: '2026-10-05 08:00:00 UTC',
      usage_end_time: '2026-10-05 09:00:00 UTC',
      cost: '0.05',
      currency: 'USD',
      usage: { amount: 400_000, unit: 'count' },
    })
  expect(
    await charges(
      'gcp.jsonl',
      `${row('Gemini 2.5 Pro Text Input Caching - Predictions')}\n${row('Gemini 3.0 Pro Text Input - Predictions')}\n`,
      'model, token_type, quantity',
    ),
  ).toEqual([
    ['gemini-2.5-pro', 'cache_read', '400000'],
    ['gemini-3-pro-preview', 'input', '400000'],
  ])
  const header = ['BilledCost', 'BillingCurrency', 'ChargePeriodStart', 'ChargePeriodEnd', 'ChargeCategory', 'ServiceName', 'ProviderName', 'ChargeDescription', 'ConsumedQuantity', 'ConsumedUnit'] // prettier-ignore
  const of = (description: string, quantity: string, unit: string): string[] =>
    ['1.25', 'USD', '2026-10-05T00:00:00Z', '2026-10-06T00:00:00Z', 'Usage', 'Vertex AI', 'Google Cloud', description, quantity, unit] // prettier-ignore
  const lines = [
    of('Gemini 2.5 Pro Text Input - Predictions', '1000000', 'count'),
    of('Gemini 2.5 Pro Caching Storage', '10', 'hour'),
    of('Vertex AI: Online Prediction N1 Predefined Instance Core', '10', 'hour'),
  ]
  expect(await charges('focus.csv', csv(header, ...lines), 'is_llm, model, token_type, quantity')).toEqual([
    [true, 'gemini-2.5-pro', 'input', '1000000'],
    [true, null, null, '10'],
    [false, null, null, '10'],
  ])
})
