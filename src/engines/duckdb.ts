/** DuckDB as an engine: the one that the others are held against. */
import { quoteName, quoteText } from '../domain/words/quoting.js'
import { microsOfUnit, standardMoment, standardRows, type Dialect } from './dialect.js'

export const duckdb: Dialect = {
  id: 'duckdb',
  name: quoteName,
  literal: quoteText,
  asText: (sql) => `CAST(${sql} AS VARCHAR)`,
  asWhole: (sql) => `CAST(${sql} AS BIGINT)`,
  asWide: (sql) => `CAST(${sql} AS HUGEINT)`,
  asDouble: (sql) => `CAST(${sql} AS DOUBLE)`,
  joined: (sql) => `string_agg(${sql}, ' ')`,
  divided: (whole, by) => `((${whole}) // (${by}))`,
  wideDivided: (wide, by) => `((${wide}) // ${by})`,
  decimalUnits: (sql) =>
    `CAST(floor(CAST(${sql} AS DECIMAL(25,18)) * CAST(1000000000000 AS DECIMAL(13,0)) + 0.5) AS HUGEINT)`,
  micros: (sql, kind) =>
    kind === 'timestamp' ? `epoch_us(${sql})` : `CAST(${sql} AS BIGINT) * ${microsOfUnit[kind]}`,
  moment: standardMoment,
  inline(alias, columns, rows) {
    return standardRows(this, alias, columns, rows)
  },
}
