/** Models of the store without a price. */
import type { UnpricedRow } from '../metrics/unpriced.js'
import { noPeriod, priceDataLines, type PriceData } from './prices.js'
import type { Report, Section } from './report.js'

export interface UnpricedModel extends UnpricedRow {
  readonly rule: string
  readonly closest: readonly string[]
  /** A row for an override file with the header below. */
  readonly line: string
}

/** Columns of the lines that the check suggests. */
const suggestedHeader = 'provider,model,alias_of,input,output'

/** Models of the store that no price is known for, and what to do about each. */
export function priceCheckReport(models: readonly UnpricedModel[], source: PriceData): Report {
  const section: Section = {
    id: 'unpriced_models',
    title: 'Models without a price',
    columns: [
      { key: 'provider', title: 'provider', kind: 'text', dimension: true },
      { key: 'model', title: 'model', kind: 'text', dimension: true },
      { key: 'unpriced_calls', title: 'calls', kind: 'count' },
      { key: 'input_tokens', title: 'input tokens', kind: 'count', optional: 4 },
      { key: 'output_tokens', title: 'output tokens', kind: 'count', optional: 5 },
      { key: 'rule', title: 'why', kind: 'text', optional: 2 },
      { key: 'closest', title: 'close names', kind: 'text', optional: 3 },
      { key: 'line', title: 'line for prices.csv', kind: 'text', optional: 1 },
    ],
    rows: models.map((model) => ({ ...model, closest: model.closest.join(', ') })),
    empty: 'Every call has a cost.',
    notes:
      models.length === 0
        ? []
        : [
            `In prices.csv, under the header ${suggestedHeader}: the model it is (alias_of), or its prices per million tokens.`,
            'Name the file in the config ("prices": "prices.csv"), then llmcost reprice.',
          ],
  }
  return {
    kind: 'price_check',
    title: 'Unpriced models',
    period: noPeriod,
    sections: [section],
    warnings: [],
    footer: priceDataLines(source),
  }
}
