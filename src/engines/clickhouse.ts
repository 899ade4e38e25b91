/** ClickHouse: where Langfuse, Helicone and others keep their calls. */
import { microsOfUnit, tuple, type Dialect } from './dialect.js'

/** A backslash begins an escape there. */
const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)

export const clickhouse: Dialect = {
  id: 'clickhouse',
  name: (name) => `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``,
  literal: (text) => `'${escaped(text)}'`,
  asText: (sql) => `CAST(${sql} AS Nullable(String))`,
  asWhole: (sql) => `CAST(${sql} AS Nullable(Int64))`,
  asWide: (sql) => `CAST(${sql} AS Nullable(Int128))`,
  asDouble: (sql) => `CAST(${sql} AS Nullable(Float64))`,
  joined: (sql) => `arrayStringConcat(groupArray(${sql}), ' ')`,
  divided: (whole, by) => `intDiv(${whole}, ${by})`,
  wideDivided: (wide, by) => `intDiv(${wide}, ${by})`,
  decimalUnits: (sql) =>
    `CAST(floor(CAST(${sql} AS Nullable(Decimal(38, 18))) * CAST(1000000000000 AS Decimal(38, 0)) + CAST('0.5' AS Decimal(38, 1))) AS Nullable(Int128))`,
  micros: (sql, kind) =>
    kind === 'timestamp'
      ? `toUnixTimestamp64Micro(toDateTime64(${sql}, 6))`
      : `CAST(${sql} AS Nullable(Int64)) * ${microsOfUnit[kind]}`,
  moment: (micros, kind) =>
    kind === 'timestamp'
      ? `fromUnixTimestamp64Micro(toInt64(${micros}))`
      : String(Math.floor(micros / microsOfUnit[kind])),
  inline(alias, columns, rows) {
    const structure = columns.map(
      ({ name, type }) => `${name} Nullable(${type === 'text' ? 'String' : 'Int64'})`,
    )
    return `values('${structure.join(', ')}', ${rows.map((row) => tuple(this, row)).join(',\n')}) AS ${alias}`
  },
}
