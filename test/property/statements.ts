/** Statements of every kind that the engine parses, and of none: what may stand before a store that must survive. */
import fc from 'fast-check'

export interface Targets {
  /** Files that must stay as they are: the store, its WAL, a config. */
  readonly kept: readonly string[]
  /** A file whose text nobody may see. */
  readonly secret: string
  /** A folder that exists, and names in it that do not. */
  readonly folder: string
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** @returns statements; about half of them are a SELECT */
export function statements(targets: Targets): fc.Arbitrary<string> {
  const { kept, secret, folder } = targets
  const written = fc.constantFrom(...kept, secret, `${folder}/new.csv`, folder, `${folder}/new`, '/dev/null')
  const read = fc.constantFrom(
    secret,
    `file://${secret}`,
    `${folder}/*`,
    ...kept,
    '/etc/passwd',
    'http://127.0.0.1:9/x',
  )
  const table = fc.constantFrom(
    'calls',
    'files',
    'store.main.calls',
    'daily_costs',
    'duckdb_settings()',
    'range(5)',
    'meta',
  )
  const name = fc.constantFrom(
    'calls',
    'x',
    'store',
    'memory',
    'temp',
    'store.main.calls',
    'main',
    '"a b"',
    'sum',
  )
  const value = fc.constantFrom(
    '1',
    "'a'",
    'NULL',
    'true',
    '1e308',
    "'x'::BLOB",
    '[1, 2]',
    "{'a': 1}",
    'now()',
    'random()',
  )

  const nesting = fc.createDepthIdentifier()
  const { select } = fc.letrec<{ select: string; source: string; expression: string }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: 2, depthIdentifier: nesting },
      value,
      { weight: 3, arbitrary: fc.constantFrom('count(*)', '*', '1', 'COLUMNS(*)') },
      fc.constantFrom(
        'sum(cost_usd)',
        'model',
        '$as_of',
        "getenv('HOME')",
        "current_setting('temp_directory')",
        "getvariable('x')",
        "nextval('s')",
        'setseed(0.5)',
        "write_log('x')",
        "error('x')",
        'txid_current()',
        'current_schemas(true)',
      ),
      tie('select').map((inner) => `(SELECT count(*) FROM (${inner}))`),
      tie('select').map((inner) => `EXISTS (${inner})`),
    ),
    source: fc.oneof(
      { maxDepth: 2, depthIdentifier: nesting },
      { weight: 6, arbitrary: table },
      read.map(quoted),
      fc
        .tuple(
          fc.constantFrom(
            'read_text',
            'read_blob',
            'read_csv',
            'read_csv_auto',
            'read_json',
            'read_json_objects',
            'read_ndjson',
            'read_parquet',
            'parquet_metadata',
            'parquet_schema',
            'parquet_kv_metadata',
            'sniff_csv',
            'glob',
            'read_duckdb',
            'query',
            'query_table',
          ),
          read,
        )
        .map(([f, path]) => `${f}(${quoted(path)})`),
      fc
        .tuple(
          fc.constantFrom(
            'duckdb_secrets',
            'duckdb_logs',
            'duckdb_databases',
            'duckdb_extensions',
            'pragma_database_list',
            'pragma_version',
            'force_checkpoint',
            'checkpoint',
            'truncate_duckdb_logs',
            'duckdb_temporary_files',
            'disable_logging',
            'duckdb_variables',
          ),
          fc.constant(null),
        )
        .map(([f]) => `${f}()`),
      written.map((path) => `enable_logging(storage = 'file', storage_path = ${quoted(path)})`),
      tie('select').map((inner) => `(${inner})`),
      tie('select').map((inner) => `query(${quoted(inner)})`),
      fc
        .tuple(written, tie('select'))
        .map(([path, inner]) => `query(${quoted(`COPY (${inner}) TO ${quoted(path)}`)})`),
      fc.constantFrom(
        "json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
        "json_execute_serialized_sql('x')",
        "(VALUES (1, 'a'), (2, 'b')) v(n, t)",
        "(PIVOT calls ON model IN ('x') USING count(*))",
      ),
    ),
    select: fc.oneof(
      { maxDepth: 2, depthIdentifier: nesting },
      fc.tuple(tie('expression'), tie('source')).map(([e, s]) => `SELECT ${e} FROM ${s}`),
      tie('source').map((s) => `FROM ${s} LIMIT 3`),
      tie('expression').map((e) => `SELECT ${e}`),
      fc
        .tuple(tie('select'), tie('select'))
        .map(([a, b]) => `WITH a AS (${a}), b AS MATERIALIZED (${b}) SELECT * FROM a`),
      fc.tuple(tie('select'), tie('select')).map(([a, b]) => `(${a}) UNION ALL (${b})`),
      tie('select').map((s) => `SELECT * FROM (${s}) q ORDER BY ALL LIMIT 5`),
    ),
  }))

  const options = fc.subarray([
    'FORMAT csv',
    'FORMAT parquet',
    'FORMAT json',
    'USE_TMP_FILE false',
    'OVERWRITE true',
    'OVERWRITE_OR_IGNORE',
    'APPEND',
    'PARTITION_BY (a)',
    'PER_THREAD_OUTPUT true',
    'WRITE_EMPTY_FILE false',
    'HEADER false',
    'RETURN_STATS',
  ])
  const copy = fc
    .tuple(
      fc.oneof(
        select.map((s) => `(${s})`),
        table,
        fc.constant('(SELECT 1 AS a, 2 AS b)'),
        fc.constant('(SELECT 1 AS a WHERE false)'),
      ),
      written,
      options,
    )
    .map(
      ([what, path, list]) =>
        `COPY ${what} TO ${quoted(path)}${list.length > 0 ? ` (${list.join(', ')})` : ''}`,
    )
  const other = fc.oneof(
    fc.tuple(name, select).map(([n, s]) => `CREATE TABLE ${n} AS ${s}`),
    fc.tuple(name, select).map(([n, s]) => `CREATE OR REPLACE VIEW ${n} AS ${s}`),
    name.map((n) => `CREATE MACRO ${n}(a) AS a`),
    fc
      .tuple(fc.constantFrom('TABLE', 'VIEW', 'SCHEMA', 'MACRO', 'SEQUENCE'), name)
      .map(([k, n]) => `DROP ${k} IF EXISTS ${n} CASCADE`),
    fc.tuple(name, value).map(([n, v]) => `INSERT INTO ${n} VALUES (${v})`),
    fc.tuple(name, select).map(([n, s]) => `INSERT INTO ${n} BY NAME ${s} ON CONFLICT DO NOTHING`),
    fc.tuple(name, value).map(([n, v]) => `UPDATE ${n} SET cost_usd = ${v}`),
    name.map((n) => `DELETE FROM ${n}`),
    name.map((n) => `TRUNCATE ${n}`),
    fc.tuple(name, read).map(([n, path]) => `COPY ${n} FROM ${quoted(path)}`),
    name.map((n) => `ALTER TABLE ${n} ADD COLUMN zz INTEGER`),
    fc
      .tuple(written, fc.constantFrom('', ' AS w', ' AS w (READ_ONLY)', ' AS w (TYPE duckdb)'))
      .map(([path, as]) => `ATTACH ${quoted(path)}${as}`),
    name.map((n) => `DETACH ${n}`),
    name.map((n) => `USE ${n}`),
    written.map((path) => `EXPORT DATABASE ${quoted(path)}`),
    read.map((path) => `IMPORT DATABASE ${quoted(path)}`),
    fc.constant('COPY FROM DATABASE store TO memory'),
    fc.constantFrom(
      'INSTALL httpfs',
      'LOAD httpfs',
      'LOAD json',
      'INSTALL x FROM community',
      'UPDATE EXTENSIONS',
    ),
    written.map((path) => `LOAD ${quoted(path)}`),
    fc
      .tuple(
        fc.constantFrom(
          'temp_directory',
          'allowed_paths',
          'allowed_directories',
          'enable_external_access',
          'lock_configuration',
          'profiling_output',
          'secret_directory',
          'extension_directory',
          'home_directory',
          'memory_limit',
          'threads',
          'search_path',
          'custom_user_agent',
          'log_query_path',
          'autoload_known_extensions',
        ),
        written,
        fc.constantFrom('SET', 'SET GLOBAL', 'SET SESSION', 'PRAGMA'),
      )
      .map(
        ([key, path, verb]) =>
          `${verb} ${key} = ${key.startsWith('allowed_') ? `[${quoted(path)}]` : quoted(path)}`,
      ),
    fc.constantFrom(
      'RESET lock_configuration',
      'RESET enable_external_access',
      "SET VARIABLE x = (SELECT content FROM read_text('x'))",
      "PRAGMA enable_profiling = 'json'",
      'PRAGMA database_list',
      'PRAGMA force_checkpoint',
      'CHECKPOINT',
      'FORCE CHECKPOINT store',
      'CHECKPOINT store',
      'VACUUM',
      'VACUUM ANALYZE',
      'ANALYZE',
      'BEGIN',
      'COMMIT',
      'ROLLBACK',
      'EXECUTE p(1)',
      'DEALLOCATE p',
      'CALL pragma_version()',
      'CALL force_checkpoint()',
      "CREATE SECRET s (TYPE http, BEARER_TOKEN 'x')",
      "CREATE PERSISTENT SECRET s (TYPE http, BEARER_TOKEN 'x')",
      "COMMENT ON TABLE calls IS 'x'",
      'PIVOT calls ON model USING count(*)',
      'FROM (PIVOT calls ON model USING count(*))',
      'SHOW TABLES',
      'DESCRIBE calls',
      'SUMMARIZE files',
      'SHOW ALL TABLES',
      'SHOW DATABASES',
      'MERGE INTO calls USING files ON true WHEN MATCHED THEN DELETE',
      'CREATE SEQUENCE s',
      "CREATE TYPE t AS ENUM ('a')",
      'CREATE TEMP TABLE t AS SELECT 1',
      'CREATE INDEX i ON calls (model)',
      '',
      ';',
      '--',
      '/*',
    ),
    written.map((path) => `CALL enable_logging(storage = 'file', storage_path = ${quoted(path)})`),
    select.map((s) => `PREPARE p AS ${s}`),
  )
  const plain = fc.oneof(
    { weight: 5, arbitrary: select },
    { weight: 3, arbitrary: copy },
    { weight: 4, arbitrary: other },
  )
  const dressed = fc
    .tuple(plain, plain, fc.constantFrom(...dressings))
    .map(([first, second, dress]) => dress(first, second))
  const marred = fc
    .tuple(
      dressed,
      fc.nat(400),
      fc.constantFrom('(', ')', ';', "'", '"', ' ', '\u00a0', '\0', 'é', '--', '/*', '*/', '$$'),
    )
    .map(([text, at, noise]) => `${text.slice(0, at)}${noise}${text.slice(at)}`)
  return fc.oneof(
    { weight: 6, arbitrary: plain },
    { weight: 4, arbitrary: dressed },
    { weight: 1, arbitrary: marred },
  )
}

/** Ways to hide one statement behind another. */
const dressings: readonly ((a: string, b: string) => string)[] = [
  (a) => `EXPLAIN ${a}`,
  (a) => `EXPLAIN ANALYZE ${a}`,
  (a) => `explain (analyze, format json) ${a}`,
  (a) => `/* */ -- x\n ${a}`,
  (a) => `${a};`,
  (a) => `;;${a};;`,
  (a) => `SELECT 1; ${a}`,
  (a, b) => `${a}; ${b}`,
  (a) => `${a} -- ; SELECT 1`,
  (a) => `(${a})`,
  (a) => `SELECT * FROM (${a})`,
  (a) => `WITH a AS (${a}) SELECT * FROM a`,
  (a) => `PREPARE p AS ${a}`,
  (a) => a.toLowerCase(),
  (a) => a.replaceAll(' ', '\n\t'),
  (a) => `DESCRIBE ${a}`,
  (a) => `SUMMARIZE ${a}`,
  (a) => `FROM query(${quoted(a)})`,
]
