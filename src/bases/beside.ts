/** Money that no call has, as rows among the calls: they count in dollars, and in nothing that is counted a call. */
import { sessionTotal } from '../domain/call.js'
import { besideCalls, besideSource } from '../domain/costs/basis.js'
import { amountOf } from './spread.js'

/**
 * SQL: rows with the columns of calls that they need.
 * @param from FROM item of `ts`, `provider`, `model`, `project`, `region`, `units` (1e-18 USD), `basis` and `label`
 */
export const besideRows = (
  from: string,
): string => `SELECT concat(label, ' ', row_number() OVER (ORDER BY ts, label, provider, model, project, region, units)) AS call_id,
    '${besideSource}' AS source, ts, provider, model AS request_model, model, '${sessionTotal}' AS operation, project, region,
    ${amountOf('units')} AS cost_usd, basis AS cost_basis, label AS ${besideCalls}
  FROM ${from} WHERE units <> 0`
