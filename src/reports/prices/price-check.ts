/** Models of the store without a price, or with costs in the logs that are others than list prices. */
import type { Typed } from '../../domain/words/commands.js'
import type { LoggedCostRow } from '../../domain/costs/logged-costs.js'
import type { UnpricedRow } from '../../metrics/doubts/unpriced.js'
import { noPeriod, priceDataLines, type PriceData } from './prices.js'
import type { Report, Section } from '../report.js'

export interface UnpricedModel extends UnpricedRow {
  readonly rule: string
  readonly closest: readonly string[]
  /** A row for an override file with the header below. */
  readonly line: string
}

/** Columns of the lines that the check suggests. */
const suggestedHeader = 'provider,model,alias_of,input,output'

/**
 * Models of the store that no price is known for, and what to do about each; and the months in which the
 * logs' own costs differ from list prices.
 */
export function priceCheckReport(
  models: readonly UnpricedModel[],
  logged: readonly LoggedCostRow[],
  source: PriceData,
  typed: Typed,
): Report {
  const section: Section = {
    id: 'unpriced_models',
    title: 'Models without a price',
    columns: [
      { key: 'provider', title: 'provider', kind: 'text', dimension: true },
      { key: 'model', title: 'model', kind: 'text', dimension: true },
      { key: 'unpriced_calls', title: 'calls', kind: 'count' },
      { key: 'unpriced_input_tokens', title: 'input tokens', kind: 'count', optional: 4 },
      { key: 'unpriced_output_tokens', title: 'output tokens', kind: 'count', optional: 5 },
      { key: 'rule', title: 'why', kind: 'text', optional: 2 },
      { key: 'closest', title: 'close names', kind: 'text', optional: 3 },
      { key: 'line', title: 'line for prices.csv', kind: 'text', optional: 1 },
    ],
    rows: models.map(({ input_tokens: input, output_tokens: output, ...model }) => ({
      ...model,
      unpriced_input_tokens: input,
      unpriced_output_tokens: output,
      closest: model.closest.join(', '),
    })),
    empty: 'Every call has a cost.',
    notes:
      models.length === 0
        ? []
        : [
            `In prices.csv, under the header ${suggestedHeader}: the model it is (alias_of), or its prices per million tokens.`,
            `Name the file in the config ("prices": "prices.csv"), then ${typed('llmcost reprice')}.`,
          ],
  }
  return {
    kind: 'price_check',
    title: 'Price check',
    period: noPeriod,
    sections: [section, loggedSection(logged)],
    warnings: [],
    footer: priceDataLines(source),
  }
}

function loggedSection(rows: readonly LoggedCostRow[]): Section {
  return {
    id: 'logged_costs',
    title: 'Logged costs that differ from list prices',
    columns: [
      { key: 'provider', title: 'provider', kind: 'text', dimension: true },
      { key: 'model', title: 'model', kind: 'text', dimension: true },
      { key: 'month', title: 'month', kind: 'text', dimension: true },
      { key: 'compared_calls', title: 'calls', kind: 'count' },
      { key: 'compared_reported_cost_usd', title: 'logged', kind: 'usd' },
      { key: 'compared_list_cost_usd', title: 'by list', kind: 'usd' },
      { key: 'ratio', title: 'logged / list', kind: 'number' },
    ],
    rows: rows.map(
      ({ provider, model, month, calls, reported_cost_usd: logged, counted_cost_usd: list }) => ({
        provider,
        model,
        month,
        compared_calls: calls,
        compared_reported_cost_usd: logged,
        compared_list_cost_usd: list,
        ratio: Number(list) === 0 ? null : Number(logged) / Number(list),
      }),
    ),
    empty: 'Logged costs agree with list prices, as far as the logs have any.',
    notes:
      rows.length === 0
        ? []
        : [
            'Months that differ by more than 1 % and by more than rounding explains. llmcost calls and llmcost explain <id> show single ones.',
            'The log may be right: prices of your own go into the config ("prices": "prices.csv"), and "cost_basis": "reported-first" counts what is logged.',
          ],
  }
}
