/**
 * The columns of a FOCUS 1.2 cost and usage file that call logs can fill, in the order of the specification
 * (alphabetical, custom ones last), each with its SQL over the rows that focus.ts makes. The list of what is
 * left out, and why, stands in the documentation beside it.
 */

import { quoteText } from '../../domain/words/quoting.js'
export interface FocusColumn {
  readonly name: string
  readonly type: 'VARCHAR' | 'TIMESTAMP' | 'DECIMAL(38,12)' | 'DECIMAL(38,22)' | 'DECIMAL(38,6)'
  /** Where its value comes from. */
  readonly about: string
  readonly sql: string
  /** The text is a JSON object. */
  readonly json?: true
  /** Zeros at the end are left out in CSV. */
  readonly short?: true
}

/** Display names of providers, as FOCUS wants them; others keep their id. */
const providerNames: Readonly<Record<string, string>> = {
  anthropic: 'Anthropic',
  aws: 'Amazon Web Services',
  azure: 'Microsoft',
  cerebras: 'Cerebras',
  cohere: 'Cohere',
  deepseek: 'DeepSeek',
  fireworks: 'Fireworks AI',
  google: 'Google',
  groq: 'Groq',
  mistral: 'Mistral AI',
  openai: 'OpenAI',
  openrouter: 'OpenRouter',
  perplexity: 'Perplexity',
  together: 'Together AI',
  'x-ai': 'xAI',
}

/** What the provider calls the service, where that is known; else its name with API after it. */
const serviceNames: Readonly<Record<string, string>> = {
  anthropic: 'Claude API',
  aws: 'Amazon Bedrock',
  azure: 'Azure OpenAI Service',
  google: 'Gemini API',
  openai: 'OpenAI API',
}

/** Who makes a model, by the beginning of a word in its name; the provider where none fits. */
const publishers: readonly (readonly [words: string, name: string])[] = [
  ['claude', 'Anthropic'],
  ['gpt|o1|o3|o4|davinci|text-embedding|whisper|dall-e', 'OpenAI'],
  ['gemini|gemma|palm', 'Google'],
  ['llama', 'Meta'],
  ['mistral|mixtral|codestral|ministral|pixtral', 'Mistral AI'],
  ['nova|titan', 'Amazon Web Services'],
  ['command', 'Cohere'],
  ['deepseek', 'DeepSeek'],
  ['qwen|qwq', 'Alibaba Cloud'],
  ['grok', 'xAI'],
]

/** Stands where a call does not say who served it: the specification allows no empty name. */
const unknownProvider = 'Unknown provider'

const chosen = (names: Readonly<Record<string, string>>, otherwise: string): string =>
  `CASE provider ${Object.entries(names)
    .map(([id, name]) => `WHEN ${quoteText(id)} THEN ${quoteText(name)}`)
    .join(' ')} ELSE ${otherwise} END`

const providerName = chosen(providerNames, `coalesce(provider, ${quoteText(unknownProvider)})`)

const publisherName = `CASE ${publishers
  .map(
    ([words, name]) =>
      `WHEN regexp_matches(lower(model), ${quoteText(`(^|[./:@_ -])(${words})`)}) THEN ${quoteText(name)}`,
  )
  .join(' ')} ELSE ${providerName} END`

const text = (name: string, sql: string, about: string): FocusColumn => ({
  name,
  type: 'VARCHAR',
  sql,
  about,
})
const time = (name: string, sql: string, about: string): FocusColumn => ({
  name,
  type: 'TIMESTAMP',
  sql,
  about,
})
const cost = (name: string, sql: string, about: string): FocusColumn => ({
  name,
  type: 'DECIMAL(38,12)',
  sql,
  about,
  short: true,
})
const price = (name: string, sql: string, about: string): FocusColumn => ({
  name,
  type: 'DECIMAL(38,22)',
  sql,
  about,
  short: true,
})
const quantity = (name: string, sql: string, about: string): FocusColumn => ({
  name,
  type: 'DECIMAL(38,6)',
  sql,
  about,
  short: true,
})

const day = 'CAST(day AS TIMESTAMP)'

export const focusColumns: readonly FocusColumn[] = [
  cost('BilledCost', 'billed_cost', 'what counts as cost here (`cost_usd`); no invoice was read'),
  text(
    'BillingAccountId',
    "coalesce(accounts[coalesce(provider, '')], accounts[''], 'unknown')",
    'given by `--billing-account`; `unknown` without it, with a warning',
  ),
  text('BillingAccountName', 'CAST(NULL AS VARCHAR)', 'null: logs do not tell'),
  text('BillingCurrency', "'USD'", 'USD: all costs of llmcost are'),
  time(
    'BillingPeriodEnd',
    `date_trunc('month', ${day}) + INTERVAL 1 MONTH`,
    'start of the next calendar month, UTC',
  ),
  time('BillingPeriodStart', `date_trunc('month', ${day})`, 'start of the calendar month, UTC'),
  text('ChargeCategory', "'Usage'", 'Usage: logs hold calls, no purchases, taxes or credits'),
  text('ChargeClass', 'CAST(NULL AS VARCHAR)', 'null: nothing is a correction of an invoiced period'),
  text(
    'ChargeDescription',
    "concat(coalesce(model, 'unknown model'), ', ', lower(meter), CASE WHEN mode <> 'standard' THEN concat(', ', mode) ELSE '' END)",
    'model, meter and service tier in words',
  ),
  text('ChargeFrequency', "'Usage-Based'", 'Usage-Based'),
  time('ChargePeriodEnd', `${day} + INTERVAL 1 DAY`, 'start of the next day, UTC'),
  time('ChargePeriodStart', day, 'start of the day of the calls, UTC'),
  quantity('ConsumedQuantity', 'consumed_quantity', 'tokens, or requests, that were used'),
  text('ConsumedUnit', 'consumed_unit', 'Tokens or Requests'),
  cost('ContractedCost', 'billed_cost', 'as BilledCost: no contract is known beyond the prices in use'),
  price('ContractedUnitPrice', 'contracted_unit_price', 'ContractedCost a PricingUnit'),
  cost('EffectiveCost', 'billed_cost', 'as BilledCost: nothing is paid in advance'),
  text('InvoiceId', 'CAST(NULL AS VARCHAR)', 'null: no invoice was read'),
  text('InvoiceIssuerName', providerName, 'as ProviderName'),
  cost(
    'ListCost',
    'list_cost',
    'list cost by the prices in use, your overrides included; BilledCost where no list price is known',
  ),
  price(
    'ListUnitPrice',
    'list_unit_price',
    'the price in force; the mean over the row where several or none explain its cost',
  ),
  text('PricingCategory', "'Standard'", 'Standard: batch, flex and priority have list prices of their own'),
  quantity('PricingQuantity', 'pricing_quantity', 'quantity in the PricingUnit'),
  text(
    'PricingUnit',
    'pricing_unit',
    '1000000 Tokens, 1000 Requests, or Requests where only a whole cost was reported',
  ),
  text(
    'ProviderName',
    providerName,
    'who served the call (`provider`); `Unknown provider` where the log does not tell',
  ),
  text('PublisherName', publisherName, 'who makes the model, by its name; else the provider'),
  text(
    'RegionId',
    'CAST(NULL AS VARCHAR)',
    'null: most logs do not tell where a call was served; where one does (Bedrock), `--by region` puts it into Tags',
  ),
  text('RegionName', 'CAST(NULL AS VARCHAR)', 'null, as RegionId'),
  text('ServiceCategory', "'AI and Machine Learning'", 'AI and Machine Learning'),
  text('ServiceName', chosen(serviceNames, `concat(${providerName}, ' API')`), "the provider's API"),
  text('ServiceSubcategory', "'Generative AI'", 'Generative AI'),
  text('SkuId', 'sku_id', 'provider, model and meter'),
  text('SkuMeter', 'meter', 'what is counted: Input Tokens, Cache Read Tokens, Output Tokens …'),
  {
    ...text(
      'SkuPriceDetails',
      'CAST(to_json(struct_pack("Model" := model, "ServiceTier" := mode)) AS VARCHAR)',
      'Model and ServiceTier, as a JSON object',
    ),
    json: true,
  },
  text(
    'SkuPriceId',
    'sku_price_id',
    'SkuId with service tier, and input size or time of day where prices differ by them',
  ),
  text(
    'SubAccountId',
    'CAST(NULL AS VARCHAR)',
    'null: logs do not tell the project or workspace that was billed',
  ),
  text('SubAccountName', 'CAST(NULL AS VARCHAR)', 'null, as SubAccountId'),
  { ...text('Tags', 'tags', 'the dimensions of `--by` that the calls have, as a JSON object'), json: true },
  text('x_CostBasis', 'cost_basis', 'where the cost comes from: list or reported'),
  text('x_Model', 'model', 'model that answered, else the one asked for'),
  text(
    'x_ServiceTier',
    'mode',
    'standard, batch, flex, priority or fast, with the place where it moves the price',
  ),
]

/** Columns of FOCUS 1.2 that are left out, and why: all are for what the specification says they are conditional on. */
export const focusLeftOut: readonly (readonly [columns: string, why: string])[] = [
  ['AvailabilityZone', 'logs do not tell it'],
  ['BillingAccountType', 'no provider is known to have more than one type here'],
  ['CapacityReservationId, CapacityReservationStatus', 'no capacity is reserved for calls'],
  ['CommitmentDiscount…', 'commitments are not in logs'],
  ['PricingCurrency…', 'prices and costs are in USD alike'],
  ['ResourceId, ResourceName, ResourceType', 'calls are not billed by provisioned resources'],
  ['SubAccountType', 'no provider is known to have more than one type here'],
]
