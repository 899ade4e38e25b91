import { anyOf, isCounted, first, word, type BillSource, type Charge, type RecordReader } from '../bill.js'
import { bucketRecords, resultsIn } from '../buckets.js'

/** OpenRouter's activity by day and endpoint: credits used, one of which is a dollar. */
export const openrouterActivity: BillSource = {
  id: 'openrouter-activity',
  about: "OpenRouter's activity by day: credits used",
  example: 'pages of /api/v1/activity, or the CSV of the Activity page',
  recognisedBy: '`model_permaslug` and `requests` with `usage`',
  lacks: 'cost by kind of tokens; how many tokens were cached',
  detects: ({ kind, header, records }) => {
    const has = (one: object): boolean => ['date', 'model_permaslug', 'requests'].every((key) => key in one)
    return kind === 'csv'
      ? has(Object.fromEntries(header.map((name) => [name, ''])))
      : resultsIn(records).some(has)
  },
  form: ({ kind }) => `activity ${kind}`,
  records: bucketRecords,
  charges: (read) => [cost(read), ...usage(read)],
  isBlank: (read) => `NOT ${anyOf(fieldsOf(read)('usage'), fieldsOf(read)('date'))}`,
}

const fieldsOf =
  (read: RecordReader) =>
  (key: string): string =>
    first(read.text(key), read.text('result', key))

function place(read: RecordReader): Charge['fields'] {
  const of = fieldsOf(read)
  return {
    start: of('date'),
    biller: word('openrouter'),
    provider: word('openrouter'),
    service: first(of('provider_name'), word('OpenRouter')),
    billed_model: first(of('model'), of('model_permaslug')),
    sku: of('endpoint_id'),
    api_key: first(of('api_key_hash'), of('api_key_id')),
  }
}

const cost = (read: RecordReader): Charge => ({
  kind: 'cost',
  when: anyOf(fieldsOf(read)('usage'), fieldsOf(read)('date')),
  fields: {
    ...place(read),
    billed_cost: fieldsOf(read)('usage'),
    currency: word('USD'),
    quantity: fieldsOf(read)('requests'),
    unit: word('requests'),
  },
})

function usage(read: RecordReader): Charge[] {
  const of = fieldsOf(read)
  const charge = (quantity: string, tokenType: string): Charge => ({
    kind: 'usage',
    when: isCounted(quantity),
    fields: { ...place(read), quantity, unit: word('tokens'), token_type: word(tokenType) },
  })
  return [charge(of('prompt_tokens'), 'input'), charge(of('completion_tokens'), 'output')]
}
