/** What tells ids by which providers name one call from others. */

/**
 * SQL: true where an id is as long as those by which providers name one call. Some servers count through a
 * few hundred short ones (`chatcmpl-587`).
 */
export const isLongId = (id: string): string => `strlen(${id}) >= 16`

/** Beginnings of ids by which providers name one call. */
export const callIdPrefixes = ['chatcmpl-', 'cmpl-', 'resp_', 'msg_', 'gen-']

/** SQL: true where an id begins as providers' ids of calls do; NULL where there is none. */
export const hasCallIdPrefix = (id: string): string =>
  `(${callIdPrefixes.map((prefix) => `starts_with(${id}, '${prefix}')`).join(' OR ')})`
