/** What is known of a file before it is read: its first records, and the keys and words that occur in all of it. */

/** The first records of a file, as far as needed to recognise its format. */
export interface Sample {
  readonly kind: 'json' | 'csv'
  /** JSON objects from the first lines; for CSV the first rows by column name. */
  readonly records: readonly Readonly<Record<string, unknown>>[]
  /** CSV header; empty for JSON. */
  readonly header: readonly string[]
}

/** What an importer may know of the whole file when it plans. */
export interface Survey {
  readonly sample: Sample
  /** Every top-level key (or CSV column) that occurs anywhere in the file. */
  readonly keys: readonly string[]
  /** For each top-level key that may hold an object: the keys found inside it. */
  readonly innerKeys: ReadonlyMap<string, readonly string[]>
  /**
   * Every object that is looked into, by its place (the JSON list of the keys that lead to it, `[]` for the
   * record itself), with every key that occurs in it anywhere in the file.
   */
  readonly shape: ReadonlyMap<string, readonly string[]>
  /**
   * By place, the words under keys such as `tier`, `mode` and `batch`, which may be a provider's service tier, a
   * customer's plan or a number; no entry where the sample shows already that they are none of a tier.
   */
  readonly words?: ReadonlyMap<string, readonly string[]>
  /** Keys named `cached` and such whose values are all numbers, some above 1: counts of tokens, no truths. */
  readonly counted?: ReadonlySet<string>
}

/** Names a path: keys of JSON know their case, columns of a table are found whatever theirs. */
export const pathKeyOf =
  ({ sample }: Survey) =>
  (path: readonly string[]): string =>
    sample.kind === 'csv' ? JSON.stringify(path).toLowerCase() : JSON.stringify(path)
