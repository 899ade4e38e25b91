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
  // The zone of the session is the one of moments beside times with a zone, and in `to_unixtime` of times without.
  // Neither may be cast to prevent that: files and partitions would no longer be passed over.
  unmoved: (kind) =>
    kind === 'timestamp'
      ? `CASE WHEN current_timezone() <> 'UTC' THEN CAST('the time zone of the session must be UTC' AS BIGINT) ELSE 1 END = 1`
      : undefined,
  inline(alias, columns, rows) {
    return standardRows(this, alias, columns, rows)
  },
}

const { unmoved: _, ...shared } = trino

/** Nothing was tried there: its statements do not rest on what it says of its session. */
export const athena: Dialect = { ...shared, id: 'athena' }
