/** Texts as one word of another language: of SQL, and of a shell. */

/** SQL text literal. */
export const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** A word of a command line, quoted where a shell would not take it as one plain word. */
export const shellWord = (text: string): string =>
  /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
