/** Pages of usage and cost APIs: buckets of time that hold results, in `data` of a page, in a list, or one a line. */

/**
 * SQL of records: each result with the bounds of its bucket, `{"start", "end", "result"}`. A bucket without results,
 * and a page without buckets, is one record without `result`.
 * @param lines FROM item of `place` and `text`
 */
export function bucketRecords(lines: string): string {
  const list = (json: string, key: string): string =>
    `CASE WHEN json_type(${json}, '$.${key}') = 'ARRAY' AND json_array_length(${json}, '$.${key}') > 0 THEN from_json(json_extract(${json}, '$.${key}'), '["JSON"]')`
  const bound = (name: string, keys: readonly string[]): string =>
    `'${name}', coalesce(${keys.map((key) => `json_extract_string(bucket, '$.${key}')`).join(', ')})`
  return `SELECT place, b * 1000000 + coalesce(r, 0) AS inner_place,
      CASE WHEN result IS NULL THEN head ELSE left(head, -1) || ',"result":' || CAST(result AS VARCHAR) || '}' END AS text
    FROM (SELECT place, b, head, unnest(results) AS result, unnest(range(1, len(results) + 1)) AS r FROM (
      SELECT place, b, CAST(json_object(${bound('start', ['start_time', 'starting_at'])}, ${bound('end', ['end_time', 'ending_at'])}) AS VARCHAR) AS head,
        ${list('bucket', 'results')}
        WHEN json_type(bucket, '$.results') = 'ARRAY' OR json_type(bucket, '$.data') = 'ARRAY' THEN [CAST(NULL AS JSON)] ELSE [bucket] END AS results
      FROM (SELECT place, unnest(buckets) AS bucket, unnest(range(1, len(buckets) + 1)) AS b FROM (
        SELECT place, ${list('text', 'data')} ELSE [CAST(text AS JSON)] END AS buckets FROM ${lines}))))`
}

/** Objects of a sample that may be buckets or results: records, those in `data`, and results of both. */
export function resultsIn(
  records: readonly Readonly<Record<string, unknown>>[],
): readonly Readonly<Record<string, unknown>>[] {
  const inList = (value: unknown): Readonly<Record<string, unknown>>[] =>
    Array.isArray(value)
      ? value.filter((one): one is Record<string, unknown> => typeof one === 'object' && one !== null)
      : []
  const buckets = records.flatMap((record) => [record, ...inList(record['data'])])
  return buckets.flatMap((bucket) => [bucket, ...inList(bucket['results'])])
}
