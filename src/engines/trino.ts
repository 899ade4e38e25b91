/** Trino, over Parquet, Iceberg and Hive tables; and Athena, which is Trino at Amazon. */
import { quoteName, quoteText } from '../domain/words/quoting.js'
import { microsOfUnit, standardMoment, standardRows, type Dialect } from './dialect.js'

const wide = 'DECIMAL(38,0)'

export const trino: Dialect = {
  id: 'trino',
  name: quoteName,
  literal: quoteText,
  asText: (sql) => `CAST(${sql} AS VARCHAR)`,
  asWhole: (sql) => `CAST(${sql} AS BIGINT)`,
  asWide: (sql) => `CAST(${sql} AS ${wide})`,
  asDouble: (sql) => `CAST(${sql} AS DOUBLE)`,
  joined: (sql) => `array_join(array_agg(${sql}), ' ')`,
  divided: (whole, by) => `((${whole}) / (${by}))`,
  // A quotient of decimals is rounded; that of a multiple is exact.
  wideDivided: (sql, by) =>
    `CAST(((${sql}) - mod(${sql}, CAST(${by} AS ${wide}))) / CAST(${by} AS ${wide}) AS ${wide})`,
  decimalUnits: (sql) =>
    `CAST(floor(CAST(${sql} AS DECIMAL(25,18)) * DECIMAL '1000000000000' + DECIMAL '0.5') AS ${wide})`,
  micros: (sql, kind) =>
    kind === 'timestamp'
      ? `CAST(round(to_unixtime(${sql}) * 1e6) AS BIGINT)`
      : `CAST(${sql} AS BIGINT) * ${microsOfUnit[kind]}`,
  moment: standardMoment,
  inline(alias, columns, rows) {
    return standardRows(this, alias, columns, rows)
  },
}

export const athena: Dialect = { ...trino, id: 'athena' }
