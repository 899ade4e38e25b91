/** DuckDB as an engine: the one that the others are held against. */
import { quoteName, quoteText } from '../domain/words/quoting.js'
import { digitsOf, microsOfUnit, tuple, type Dialect } from './dialect.js'

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
  moment: (micros, kind) =>
    kind === 'timestamp'
      ? `TIMESTAMP '${digitsOf(micros)}'`
      : String(Math.floor(micros / microsOfUnit[kind])),
  inline(alias, columns, rows) {
    const types = columns.map(
      ({ name, type }) => `CAST(${name} AS ${type === 'text' ? 'VARCHAR' : 'BIGINT'}) AS ${name}`,
    )
    return `(SELECT ${types.join(', ')} FROM (VALUES ${rows.map((row) => tuple(this, row)).join(',\n')}) v (${columns.map(({ name }) => name).join(', ')})) ${alias}`
  },
}
