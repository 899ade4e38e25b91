/** What a bill says: the columns of `billed`, one row a charge, and of `bills`, one row a file of them. */

interface BilledColumn {
  readonly name: string
  readonly type: string
  readonly required?: true
  /** Schema version that brought it. */
  readonly since?: number
  readonly about: string
}

/** Money and quantities of bills carry up to 19 digits before the point or 18 behind it. */
export const billedAmount = 'DECIMAL(38,18)'

/**
 * A charge of this much money is none: a sum of DECIMAL(38,18) ends at 1.7e20, and what a million charges add up to
 * must fit, or one absurd line would take every answer down.
 */
export const absurdAmount = '100000000000000'

/** SQL of charges: the tokens that are billed. Bills have counts above 2^53; sums keep to 1.7e32 of them. */
export const billedTokens = `CAST(sum(CAST(quantity AS DECIMAL(38,6))) FILTER (token_type IS NOT NULL AND unit = 'tokens') AS DECIMAL(38,0))`

/** What bills of one source, biller, kind and currency come to. */
export interface BillTotals {
  readonly source: string
  readonly biller: string
  /** Money; or tokens and requests. */
  readonly kind: 'cost' | 'usage'
  readonly charges: number | bigint
  /** UTC days. */
  readonly first_day: string
  readonly last_day: string
  /** ISO 4217; null for usage. */
  readonly currency: string | null
  /** In that currency, exact; `llm_cost` is what of it is for language models. */
  readonly billed_cost: string | null
  readonly llm_cost: string | null
  readonly tokens: string | null
}

/** SELECT of `BillTotals`. @param from FROM item of charges, with a condition if any */
export const billTotals = (
  from: string,
): string => `SELECT source, biller, kind, CAST(count(*) AS BIGINT) AS charges, strftime(min(charge_period_start), '%Y-%m-%d') AS first_day,
    strftime(max(charge_period_end) - INTERVAL 1 MICROSECOND, '%Y-%m-%d') AS last_day, currency,
    sum(billed_cost) AS billed_cost, sum(billed_cost) FILTER (is_llm) AS llm_cost, ${billedTokens} AS tokens
  FROM ${from} GROUP BY ALL ORDER BY biller, source, kind, currency`

/** SQL of a charge: what is paid for it, in its currency. Usage that draws on what was paid in advance is billed at 0. */
export const paidAmount = `CASE WHEN charge_category = 'Usage' AND billed_cost = 0 AND effective_cost <> 0 THEN effective_cost ELSE billed_cost END`

/**
 * SQL condition: charges that language models are paid with. A purchase stands in the charges that use it; a tax is no
 * charge of a model, but belongs to the service that it is on.
 */
export const isForModels = `charge_category <> 'Purchase'
  AND (is_llm OR (charge_category = 'Tax' AND (biller, service) IN (SELECT (biller, service) FROM billed WHERE is_llm)))`

export const billedAmounts = ['list_cost', 'contracted_cost', 'effective_cost', 'billed_cost'] as const

/** Text columns that say what a charge is for; with its period they tell charges apart. */
export const billedLabels = [
  'provider',
  'service',
  'billed_model',
  'sku',
  'description',
  'token_type',
  'unit',
  'currency',
  'account',
  'project',
  'workspace',
  'api_key',
  'principal',
  'region',
  'service_tier',
  'charge_category',
] as const

const labelWords: Readonly<Record<(typeof billedLabels)[number], string>> = {
  provider: 'who served the model, as calls name it',
  service: 'service as billed',
  billed_model: 'model as billed',
  sku: 'meter or line item as billed',
  description: 'description of the charge',
  token_type:
    'input (neither read from a cache nor written to one), cache_read, cache_write, cache_write_1h, output',
  unit: 'what quantity counts: tokens, requests, or the unit as billed',
  currency: 'ISO 4217',
  account: 'account or organization that is billed',
  project: 'project or sub-account',
  workspace: 'workspace',
  api_key: 'key, by id or name',
  principal: 'who asked, by identity',
  region: 'region',
  service_tier: 'standard, batch, flex, priority, with fast and the like',
  charge_category: 'Usage, Purchase, Tax, Credit or Adjustment',
}

/** Columns of `billed`. */
export const billedColumns: readonly BilledColumn[] = [
  { name: 'file_id', type: 'BIGINT', required: true, about: 'the file' },
  { name: 'record', type: 'BIGINT', required: true, about: 'line of CSV, or record of JSON' },
  { name: 'part', type: 'BIGINT', required: true, about: 'which charge of that record' },
  { name: 'source', type: 'VARCHAR', required: true, about: 'which format' },
  { name: 'biller', type: 'VARCHAR', required: true, about: 'who bills' },
  { name: 'kind', type: 'VARCHAR', required: true, about: 'cost (money) or usage (tokens without money)' },
  { name: 'charge_period_start', type: 'TIMESTAMP', required: true, about: 'UTC' },
  { name: 'charge_period_end', type: 'TIMESTAMP', required: true, about: 'UTC, not included' },
  {
    name: 'bill_span',
    type: 'VARCHAR',
    required: true,
    about: 'day, or month, that a newer bill replaces as a whole',
  },
  ...billedLabels.map((name) => ({
    name,
    type: 'VARCHAR',
    about: labelWords[name],
    ...(name === 'charge_category' ? { required: true as const } : {}),
  })),
  { name: 'model', type: 'VARCHAR', about: 'model by the name that calls have' },
  { name: 'quantity', type: billedAmount, about: 'how many units' },
  ...billedAmounts.map((name) => ({ name, type: billedAmount, about: 'in currency; negative for credits' })),
  { name: 'is_llm', type: 'BOOLEAN', required: true, about: 'false for what else is on the bill' },
  { name: 'tags', type: 'MAP(VARCHAR, VARCHAR)', about: 'labels of the bill' },
]

/** Columns of `bills`. */
export const billColumns: readonly BilledColumn[] = [
  { name: 'file_id', type: 'BIGINT', required: true, about: 'the file' },
  { name: 'source', type: 'VARCHAR', required: true, about: 'which format' },
  { name: 'form', type: 'VARCHAR', required: true, about: 'which kind of it, and what it is grouped by' },
  { name: 'export', type: 'VARCHAR', required: true, about: 'files of one delivery share it' },
  {
    name: 'exported_at',
    type: 'TIMESTAMP',
    required: true,
    about: 'when it was made, as far as is known: UTC',
  },
  { name: 'content', type: 'VARCHAR', required: true, about: 'hash of its charges' },
  { name: 'charges', type: 'BIGINT', required: true, about: 'charges that were read' },
  { name: 'replaced', type: 'BIGINT', required: true, about: 'of these, charges that newer bills replace' },
  {
    name: 'last_end',
    type: 'TIMESTAMP',
    since: 13,
    about: 'when the last of its charges ends, whether it is replaced or not: UTC',
  },
]

/** What tells charges of a span apart; two versions of a bill share some of it. */
export const chargeKey = [
  'kind',
  'charge_period_start',
  ...billedLabels.filter((name) => name !== 'description'),
] as const

/**
 * Columns of `replaced_charges`: which charges a bill had that do not count, since a newer one has them. What an
 * older bill says of the same is replaced all the same, if it is read later.
 */
export const replacedColumns: readonly BilledColumn[] = billedColumns.filter(({ name }) =>
  ['file_id', 'biller', 'bill_span', ...chargeKey].includes(name),
)

/** Their names, without the file. */
export const replacedNames = replacedColumns.map(({ name }) => name).filter((name) => name !== 'file_id')

/** A model by what names of it have in common: without who sells it, and without the day of a snapshot. */
export function modelKey(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/^.*\//, '')
    .replace(
      /^(?:(?:us|eu|apac|global|jp|au)\.)?(?:anthropic|amazon|meta|mistral|cohere|ai21|deepseek|qwen|openai)\./,
      '',
    )
    .replace(/-v\d+:\d+$/, '')
    .replace(/[-@](?:20\d{2}-?\d{2}-?\d{2}|latest)$/, '')
}

/** SQL: the same of a column. */
export const modelKeySql = (column: string): string =>
  [
    String.raw`^.*/`,
    String.raw`^(?:(?:us|eu|apac|global|jp|au)\.)?(?:anthropic|amazon|meta|mistral|cohere|ai21|deepseek|qwen|openai)\.`,
    String.raw`-v\d+:\d+$`,
    String.raw`[-@](?:20\d{2}-?\d{2}-?\d{2}|latest)$`,
  ].reduce((sql, pattern) => `regexp_replace(${sql}, '${pattern}', '')`, `lower(trim(${column}))`)
