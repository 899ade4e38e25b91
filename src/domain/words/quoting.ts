/** Texts as one word of another language: of SQL, of CSV, and of a shell. */

/** SQL text literal. */
export const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** SQL name, as it is. */
export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** ISO 8601 UTC without its letters, as a cast to TIMESTAMP surely understands. */
export const timestampText = (iso: string): string => iso.replace('T', ' ').replace(/Z$/, '')

/** SQL literal of a moment, from ISO 8601 UTC. */
export const quoteTimestamp = (iso: string): string => `TIMESTAMP '${timestampText(iso)}'`

/** CSV field, quoted. */
export const quoteField = (text: string): string => `"${text.replaceAll('"', '""')}"`

/** A word of a command line, quoted where a shell would not take it as one plain word. */
export const shellWord = (text: string): string =>
  /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
