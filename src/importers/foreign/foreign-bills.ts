/** Sums and amounts that stand for many calls, or for none: refused as calls for good. */
import { comparable } from '../records/comparable.js'
import type { Candidate, Signature } from './foreign.js'
import { has, hasAny, hasAt, listHas, word } from './foreign-marks.js'
import type { Sample } from '../survey.js'

const calls = 'Ingest the log of the calls themselves; a bill is for comparing with it.'

const balances: readonly Signature[] = [
  {
    id: 'openrouter-credits',
    about: "OpenRouter's credits, bought and used since the account began",
    why: 'its sums have no dates',
    kind: 'balance',
    next: 'Fetch /api/v1/activity instead (the last 30 days, by day and model), or export the CSV of the Activity page.',
    matches: (r) => has(r, 'total_credits', 'total_usage') || has(r, 'totalCredits', 'totalUsage'),
  },
  {
    id: 'openrouter-key',
    about: "the credits of one of OpenRouter's keys, used up to now",
    why: 'its sums have no dates',
    kind: 'balance',
    next: 'Fetch /api/v1/activity instead (the last 30 days, by day and model), or export the CSV of the Activity page.',
    matches: (r) => has(r, 'label', 'usage', 'limit', 'is_free_tier'),
  },
  {
    id: 'deepseek-balance',
    about: 'what is left on an account of DeepSeek',
    why: 'its sums have no dates',
    kind: 'balance',
    next: 'Export the month on the Usage page of platform.deepseek.com instead, and unpack it.',
    matches: (r) => has(r, 'balance_infos'),
  },
]

export const foreignBills: readonly Signature[] = [
  ...balances,
  {
    id: 'focus',
    about: 'a FOCUS file of charges',
    kind: 'bill',
    next: 'llmcost export focus writes such files. llmcost export calls writes calls that can be read again.',
    matches: (r) => has(r, 'BilledCost', 'ChargePeriodStart') || has(r, 'EffectiveCost', 'ChargePeriodStart'),
  },
  {
    id: 'openai-usage',
    about: "a page of OpenAI's usage or cost API, a sum for each period",
    kind: 'bill',
    next: `${calls} OpenAI's responses are read as they are logged.`,
    matches: (r) =>
      /^organization\.(usage\.\w+|costs)\.result$/.test(word(r, 'object')) ||
      (word(r, 'object') === 'bucket' && has(r, 'results')) ||
      (word(r, 'object') === 'page' && listHas(r, 'data', 'results')),
  },
  {
    id: 'openai-dashboard',
    about: "a CSV of OpenAI's dashboard, a sum for each period",
    kind: 'bill',
    next: `${calls} OpenAI's responses are read as they are logged.`,
    matches: (r) =>
      has(r, 'start_time', 'end_time', 'start_time_iso', 'end_time_iso') || has(r, 'num_model_requests'),
  },
  {
    id: 'anthropic-usage',
    about: "a page of Anthropic's usage or cost report, a sum for each period",
    kind: 'bill',
    next: `${calls} Anthropic's responses and Claude Code's sessions are read as they are.`,
    matches: (r) =>
      has(r, 'starting_at', 'ending_at', 'results') ||
      has(r, 'uncached_input_tokens', 'output_tokens') ||
      (has(r, 'amount', 'currency') && hasAny(r, 'cost_type', 'token_type')),
  },
  {
    id: 'anthropic-console',
    about: "a CSV of Anthropic's console, a sum for each day",
    kind: 'bill',
    next: `${calls} Anthropic's responses and Claude Code's sessions are read as they are.`,
    matches: (r) => has(r, 'usage_date_utc'),
  },
  {
    id: 'aws-cur',
    about: 'an AWS cost and usage report',
    kind: 'bill',
    next: `${calls} Bedrock's model invocation log is read as it is.`,
    matches: (r) =>
      has(r, 'line_item_usage_type', 'line_item_usage_amount') ||
      has(r, 'lineItem/UsageType', 'lineItem/UsageAmount'),
  },
  {
    id: 'gcp-billing',
    about: 'a billing export of Google Cloud',
    kind: 'bill',
    next: calls,
    matches: (r) =>
      (has(r, 'billing_account_id', 'usage_start_time', 'cost') && hasAny(r, 'sku', 'sku.id')) ||
      has(r, 'sku_description', 'usage_start_time', 'cost'),
  },
  {
    id: 'azure-cost',
    about: 'a cost export of Azure',
    kind: 'bill',
    next: calls,
    matches: (r) => {
      const names = new Set(Object.keys(r).map(comparable))
      return (
        ['metercategory', 'quantity'].every((name) => names.has(name)) &&
        ['costinbillingcurrency', 'pretaxcost', 'costinusd', 'cost'].some((name) => names.has(name))
      )
    },
  },
  {
    id: 'litellm-daily',
    about: "LiteLLM's spend by day, many calls in a row",
    kind: 'bill',
    next: 'Dump the table LiteLLM_SpendLogs instead: it has a row for each call.',
    matches: (r) =>
      (has(r, 'date', 'spend') && hasAny(r, 'api_requests', 'successful_requests')) ||
      (has(r, 'date') && hasAt(r, ['metrics'], 'spend', 'api_requests')) ||
      (has(r, 'spend', 'startTime') && hasAt(r, ['models']) && !has(r, 'request_id')),
  },
  {
    id: 'openrouter-daily',
    about: "OpenRouter's activity by day, many calls in a row",
    kind: 'bill',
    next: `${calls} OpenRouter's responses are read as they are logged.`,
    matches: (r) => has(r, 'date', 'model_permaslug', 'requests'),
  },
  {
    id: 'deepseek-platform',
    about: "a CSV of DeepSeek's console, a sum for each day",
    kind: 'bill',
    next: `${calls} DeepSeek's responses are read as they are logged.`,
    matches: (r) =>
      has(r, 'model') &&
      (hasAny(r, 'utc_date') || has(r, 'start_time_iso', 'end_time_iso')) &&
      (has(r, 'type', 'amount', 'price') ||
        has(r, 'wallet_type', 'cost') ||
        has(r, 'user_id', 'utc_date', 'cost', 'currency')),
  },
  {
    id: 'llmcost-answer',
    about: 'an answer of llmcost',
    kind: 'bill',
    next: 'llmcost export calls writes calls that can be read again.',
    matches: (r) =>
      (has(r, 'schemaVersion', 'kind', 'period') && hasAny(r, 'rows', 'sections')) ||
      has(r, 'cost_usd', 'cost_share') ||
      has(r, 'hour', 'calls', 'cost_usd'),
  },
  {
    id: 'llmcost-log-of-sums',
    about: 'each record tells how many calls it sums up',
    kind: 'bill',
    next: 'Ingest the calls themselves. Sums have no calls to count, no means and no quantiles.',
    matches: (r, sample) => sumsUp(r, sample),
  },
]

/** Names of a number of calls, as they are compared. */
const countNames = [
  'requests',
  'requestcount',
  'requestscount',
  'numrequests',
  'nrequests',
  'totalrequests',
  'numberofrequests',
  'apirequests',
  'nummodelrequests',
  'calls',
  'callcount',
  'numcalls',
  'ncalls',
  'totalcalls',
  'numberofcalls',
]

/** Names that only the record of one call has. */
const ownNames =
  /^(?:callid|requestid|generationid|responseid|completionid|messageid|finishreason|stopreason|latencyms|ttftms|statuscode)$/

/** True when every record says that it stands for a number of calls, and some for more than one. */
function sumsUp(record: Candidate, sample: Sample): boolean {
  const key = Object.keys(record).find((name) => countNames.includes(comparable(name)))
  return key !== undefined && sample.records.some((r) => key in r) && allCount(key, sample)
}

function allCount(key: string, { records }: Sample): boolean {
  const names = records.flatMap((record) => Object.keys(record)).map(comparable)
  if (names.some((name) => ownNames.test(name)) || !names.some((name) => /token|cost|spend/.test(name)))
    return false
  const counts = records.map((record) => Number(record[key] === '' ? undefined : (record[key] ?? undefined)))
  return counts.every((n) => Number.isInteger(n) && n >= 0) && counts.some((n) => n > 1)
}
