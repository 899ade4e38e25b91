/** Contracts as SQL over calls: which term a call is under, and what share of its list price that leaves. */
import { quoteText, quoteTimestamp } from '../words/quoting.js'
import type { ContractTerm } from './contract.js'

/** `gpt-4o*` as a condition; only `*` stands for anything. */
const isLike = (column: string, model: string): string =>
  `lower(${column}) LIKE ${quoteText(model.toLowerCase().replaceAll(/[%_^]/g, '^$&').replaceAll('*', '%'))} ESCAPE '^'`

function isUnder({ provider, model, since, until }: ContractTerm): string {
  const conditions = [
    `provider = ${quoteText(provider)}`,
    ...(model === undefined ? [] : [isLike('model', model)]),
    ...(since === undefined ? [] : [`ts >= ${quoteTimestamp(since)}`]),
    ...(until === undefined ? [] : [`ts < ${quoteTimestamp(until)}`]),
  ]
  return conditions.join(' AND ')
}

/** SQL of a call: the number of the first term that it is under; NULL under none. */
export const termOf = (terms: readonly ContractTerm[]): string =>
  terms.length === 0
    ? 'CAST(NULL AS INTEGER)'
    : `CASE ${terms.map((term, i) => `WHEN ${isUnder(term)} THEN ${i}`).join(' ')} END`

const factorType = 'DECIMAL(9,6)'

/** SQL of a call: the share of its list price that is paid, as DECIMAL(9,6). */
export function factorOf(terms: readonly ContractTerm[]): string {
  const whens = terms.flatMap(({ factor }, i) =>
    factor === '1' ? [] : [`WHEN ${i} THEN CAST(${factor} AS ${factorType})`],
  )
  const whole = `CAST(1 AS ${factorType})`
  return whens.length === 0 ? whole : `CASE ${termOf(terms)} ${whens.join(' ')} ELSE ${whole} END`
}
