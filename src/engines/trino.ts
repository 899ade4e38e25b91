/** Trino, over Parquet, Iceberg and Hive tables; and Athena, which is Trino at Amazon. */
import { quoteName, quoteText } from '../domain/words/quoting.js'
import { digitsOf, microsOfUnit, tuple, type Dialect } from './dialect.js'

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

export const athena: Dialect = { ...trino, id: 'athena' }
