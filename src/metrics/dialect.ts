/**
 * Every function in which SQL engines differ, by what it does; the rest of a metric is plain ANSI. To ask
 * the same questions of another engine, this is the one file to write anew.
 */

/** An instant given as ISO 8601 UTC text, as a TIMESTAMP like `calls.ts`. */
export const instant = (iso: string): string => `CAST(${iso} AS TIMESTAMP)`

/**
 * Exact quantile, interpolated between neighbours; NULLs are skipped. As DOUBLE: between two decimals it
 * would be cut, not rounded, at the last place.
 */
export const quantile = (value: string, at: number): string =>
  `quantile_cont(CAST(${value} AS DOUBLE), ${at})`

/** Several quantiles of one value in one sort; a list. */
export const quantiles = (value: string, at: readonly number[]): string =>
  `quantile_cont(CAST(${value} AS DOUBLE), [${at.join(', ')}])`

/** Several quantiles of a whole number below 2^53: the same as of its double, in half the time. */
export const wholeQuantiles = (value: string, at: readonly number[]): string =>
  `quantile_cont(${value}, [${at.join(', ')}])`

/** Element of a list, from 0. */
export const element = (list: string, index: number): string => `${list}[${index + 1}]`

/** Value of a key in a map; NULL when the key is not there. */
export const mapValue = (map: string, key: string): string => `${map}[${key}]`

/** Whether text contains another, whatever the case. */
export const containsText = (text: string, part: string): string => `contains(lower(${text}), lower(${part}))`

/** Microseconds since 1970 of a TIMESTAMP, an integer: by far the fastest thing to bucket on. */
export const epochMicros = (ts: string): string => `epoch_us(${ts})`

/** The TIMESTAMP of microseconds since 1970. */
export const momentOfMicros = (micros: string): string => `make_timestamp(${micros})`

/** Integer division of positive numbers. */
export const wholeQuotient = (value: string, by: number): string => `(${value} // ${by})`

/** Months since year 0 of microseconds since 1970. */
export const monthNumber = (micros: string): string =>
  `(year(make_timestamp(${micros})) * 12 + month(make_timestamp(${micros})) - 1)`

/** Microseconds since 1970 as text. @param format strftime's letters */
export const formatMicros = (micros: string, format: string): string =>
  `strftime(make_timestamp(${micros}), '${format}')`

/** A number padded with zeros. */
export const padded = (value: string, width: number): string =>
  `lpad(CAST(${value} AS VARCHAR), ${width}, '0')`

/** Rows of a JSON array of objects that is bound as text. @param columns names and SQL types, our own */
export const rowsOfJson = (json: string, columns: Readonly<Record<string, string>>): string =>
  `unnest(from_json(CAST(${json} AS JSON), '[${JSON.stringify(columns)}]'), max_depth := 2)`

/** The smallest value with at least the share `at` of all values up to it: always one of them. */
export const discreteQuantile = (value: string, at: number): string => `quantile_disc(${value}, ${at})`

/** A table of the whole numbers from 0 up to, not including, `count`, in the column named by its alias. */
export const wholeNumbers = (count: string): string => `range(${count})`

/** An expression, or NULL where it would fail. */
export const attempted = (expression: string): string => `TRY(${expression})`

/** Text with every match of a regular expression (RE2's) replaced; `\1` stands for the first group. */
export const replaced = (text: string, pattern: string, by: string): string =>
  `regexp_replace(${text}, '${pattern}', '${by}', 'g')`

/** Text with the first match of a regular expression (RE2's) replaced. */
export const firstReplaced = (text: string, pattern: string, by: string): string =>
  `regexp_replace(${text}, '${pattern}', '${by}')`

/** A group of the first match of a regular expression (RE2's); empty where nothing matches. */
export const matched = (text: string, pattern: string, group: number): string =>
  `regexp_extract(${text}, '${pattern}', ${group})`

/** How many values lie in each bucket, from above the bound before up to and with its own; a map by bound. */
export const bucketCounts = (value: string, bounds: readonly number[]): string =>
  `histogram(CAST(${value} AS DOUBLE), [${bounds.map((bound) => bound.toFixed(1)).join(', ')}])`

/** The count of one bucket; 0 where there is none. */
export const bucketCount = (counts: string, bound: number): string =>
  `coalesce(${mapValue(counts, bound.toFixed(1))}, 0)`

/** How alike two texts are, from 0 to 1; only their beginnings count, which bounds the work. */
export const similarity = (a: string, b: string): string =>
  `jaro_winkler_similarity(left(${a}, 200), left(${b}, 200))`

/** The keys of a map, as a list. */
export const entryNames = (map: string): string => `map_keys(${map})`

/** After AS of a CTE that is read twice: read the table twice, too, instead of keeping all rows in between. */
export const readAnew = 'NOT MATERIALIZED'

/** After AS of a CTE that is kept while the statement runs, so that its rows are the same wherever they are read. */
export const kept = 'MATERIALIZED'

/** How many words an ENUM type has. */
export const sizeOfEnum = (type: string): string => `len(enum_range(CAST(NULL AS ${type})))`

/** The entries of a map, as a list of {key, value}. */
export const entries = (map: string): string => `map_entries(${map})`

/** Characters of a text. */
export const textLength = (text: string): string => `length(${text})`

/** Whether a regular expression (RE2's) matches the whole text. */
export const wholeMatch = (text: string, pattern: string): string =>
  `regexp_full_match(${text}, '${pattern}')`

/** The greatest values, as a list. */
export const longest = (value: string, count: number): string => `max(${value}, ${count})`

/** Integer division of a number that is not negative by one that is positive; NULL by NULL. */
export const wholeRatio = (value: string, by: string): string => `((${value}) // ${by})`

/** A record of named values. @param values names of our own, and SQL */
export const structOf = (values: Readonly<Record<string, string>>): string =>
  `struct_pack(${Object.entries(values)
    .map(([name, sql]) => `${name} := ${sql}`)
    .join(', ')})`

/** Number of the UTC day of microseconds since 1970. */
export const dayOfMicros = (micros: string): string => `(${micros} // 86400000000)`

/**
 * A number made of values, 64 bits: to sort and part by in the place of texts, at a third of the time. Different
 * values may have the same one, however seldom: who parts by it compares the values themselves, too.
 */
export const fingerprint = (values: readonly string[]): string => `hash(${values.join(', ')})`

/** Minute of the UTC day, from 0, of microseconds since 1970. */
export const minuteOfMicros = (micros: string): string => `(${micros} // 60000000 % 1440)`
