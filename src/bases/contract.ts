/**
 * What calls cost by the terms of the config: list cost less a discount, rounded once a call; or the share of a fixed
 * amount that was paid for throughput. What a commitment or such an amount leaves unused is a row of its own.
 */
import { factorOf, termOf } from '../domain/costs/contract-sql.js'
import { contractSpans, type ContractTerm } from '../domain/costs/contract.js'
import { besideCalls } from '../domain/costs/basis.js'
import { quoteText, quoteTimestamp } from '../domain/words/quoting.js'
import { besideRows } from './beside.js'
import type { Layer, Statement } from './layer.js'
import { basisOf, costType, listCost } from './plain.js'
import { spread, unitsOf, weightOf } from './spread.js'

/** @param asOf what is due of fixed amounts by then counts */
export function contract(terms: readonly ContractTerm[], asOf: Date): Layer {
  const cost = `CAST(${listCost} * ${factorOf(terms)} AS ${costType})`
  const replaced = (of: string): string => `${of} AS cost_usd, ${basisOf(of, 'contract')} AS cost_basis`
  if (terms.every(({ fixed }) => fixed === undefined))
    return {
      over: (from) =>
        `SELECT * REPLACE (${replaced(cost)}), CAST(NULL AS VARCHAR) AS ${besideCalls} FROM ${from}`,
    }
  const provisioned = terms.flatMap(({ fixed }, i) => (fixed?.kind === 'provisioned' ? [i] : []))
  // A list of SQL is never empty, and no term has the number -1.
  const isShared = `coalesce(${termOf(terms)} IN (${[-1, ...provisioned].join(', ')}), false)`
  const ofCall = `CASE WHEN ${isShared} AND ${listCost} > 0 THEN shared.cost ELSE ${cost} END`
  return {
    prepare: (from) => [...pots(terms, from, asOf), ...spread, beside(cost, terms, from, asOf)],
    over: (from) => `SELECT calls.* REPLACE (${replaced(ofCall)}), CAST(NULL AS VARCHAR) AS ${besideCalls}
      FROM ${from} AS calls LEFT JOIN basis_costs AS shared ON calls.source = shared.source AND calls.call_id = shared.call_id
      UNION ALL BY NAME FROM basis_beside`,
  }
}

/** Fixed amounts as pots, and the calls under their terms. */
function pots(terms: readonly ContractTerm[], from: string, asOf: Date): readonly Statement[] {
  const spans = terms.flatMap((term, i) =>
    contractSpans(term, asOf.getTime()).map((span) => ({ ...span, i, kind: term.fixed!.kind })),
  )
  const time = (ms: number): string => quoteTimestamp(new Date(ms).toISOString())
  const rows = spans.map(
    ({ i, kind, from: begin, to, amount, isOver }, pot) =>
      `(${pot}, ${i}, '${kind}', ${time(begin)}, ${time(to)}, CAST('${amount}' AS HUGEINT), ${isOver})`,
  )
  // VALUES have a row at least: this one goes by its kind.
  const none = "(0, 0, '', TIMESTAMP '1970-01-01', TIMESTAMP '1970-01-01', CAST(0 AS HUGEINT), false)"
  return [
    {
      sql: `CREATE TEMP TABLE basis_spans AS FROM (VALUES ${rows.join(', ') || none}) AS spans(pot, term, kind, since, until, units, is_over) WHERE kind <> ''`,
    },
    {
      sql: `CREATE TEMP TABLE basis_pots AS SELECT pot, units, CAST(NULL AS HUGEINT) AS whole FROM basis_spans WHERE kind = 'provisioned'`,
    },
    {
      sql: `CREATE TEMP TABLE basis_covered AS
        SELECT row_number() OVER (ORDER BY call_id, source) AS n, source, call_id, pot, ${weightOf('cost')} AS weight
        FROM (SELECT source, call_id, ts, ${termOf(terms)} AS term, CAST(${listCost} AS ${costType}) AS cost
          FROM ${from} WHERE ts < ${time(asOf.getTime())}) AS calls
        JOIN basis_spans AS spans ON calls.term = spans.term AND kind = 'provisioned' AND ts >= since AND ts < until
        WHERE cost > 0`,
    },
    { sql: 'CREATE TEMP TABLE basis_numbered AS SELECT n, source, call_id FROM basis_covered' },
    { sql: 'CREATE TEMP TABLE basis_claims AS SELECT pot, n, weight FROM basis_covered' },
  ]
}

/** What is left of amounts for throughput that no call shares, and of commitments that calls did not use up. */
function beside(cost: string, terms: readonly ContractTerm[], from: string, asOf: Date): Statement {
  const named = terms.map(({ provider }, i) => `(${i}, ${quoteText(provider)})`).join(', ')
  return {
    sql: `CREATE TEMP TABLE basis_beside AS
      WITH used AS (
        SELECT pot, sum(cost) AS cost
        FROM (SELECT ts, ${termOf(terms)} AS term, ${cost} AS cost FROM ${from}) AS calls
        JOIN basis_spans AS spans ON calls.term = spans.term AND kind = 'committed' AND ts >= since AND ts < until
        GROUP BY pot
      ), unused AS (
        SELECT pot, spans.units - ${unitsOf('coalesce(used.cost, 0)')} AS units, '(unused commitment)' AS label
        FROM basis_spans AS spans LEFT JOIN used USING (pot) WHERE kind = 'committed' AND is_over
        UNION ALL SELECT pot, units, '(unused throughput)' FROM basis_left
      )
      ${besideRows(`(SELECT least(until, ${quoteTimestamp(asOf.toISOString())}) - INTERVAL 1 MILLISECOND AS ts, names.provider,
          CAST(NULL AS VARCHAR) AS model, CAST(NULL AS VARCHAR) AS project, CAST(NULL AS VARCHAR) AS region, unused.units, 'contract' AS basis, label
        FROM unused JOIN basis_spans USING (pot) JOIN (VALUES ${named}) AS names(term, provider) USING (term)
        WHERE unused.units > 0)`)}`,
  }
}
