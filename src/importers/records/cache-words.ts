/** Words by which gateways say that an answer came out of a response cache, as teams write them down: `x-cache: HIT`. */
import { comparable } from './comparable.js'
import { isAddressable, type Entry } from './named-entries.js'
import { firstOf, type Document } from '../document.js'
import type { Survey } from '../survey.js'

/** Names of headers that gateways answer with; nothing else is called so. */
const headers = new Set(['xcache', 'xcachestatus', 'cfaigcachestatus', 'cfcachestatus', 'heliconecache', 'xportkeycachestatus', 'portkeycachestatus']) // prettier-ignore

/** Names that may speak of the provider's cache of prompts as well: where cached tokens are told, they do. */
const bare = new Set(['cache', 'responsecache', 'gatewaycache', 'semanticcache', 'llmcache', 'cacheresult', 'cachehitstatus', 'cachestate']) // prettier-ignore

/** Objects of headers, and of what is known of the cache. */
const headerObjects = new Set(['headers', 'responseheaders', 'respheaders'])
const cacheObjects = new Set(['cache', 'responsecache', 'cacheinfo'])
const wordsInside = new Set(['hit', 'status', 'result', 'cachehit', 'ishit'])

/** SQL: `hit`, `miss`, or NULL for what is neither: a name of a cache, a mark that it was asked for. */
const word = (sql: string, isTruth = false): string =>
  `CASE WHEN regexp_matches(lower(${sql}), '^(?:tcp_|miss, *|bypass, *|semantic |exact )*hit\\b')${isTruth ? ` OR lower(${sql}) = 'true'` : ''} THEN 'hit'
    WHEN regexp_matches(lower(${sql}), '^(?:tcp_|semantic |exact )*(?:miss|bypass|expired|dynamic|refresh|disabled)\\b')${isTruth ? ` OR lower(${sql}) = 'false'` : ''} THEN 'miss' END`

/**
 * @param cached SQL for the tokens that the provider's own cache gave, where the log has such
 * @returns SQL for `hit` or `miss`; undefined where no record has such a word
 */
export function cacheWord(
  entries: readonly Entry[],
  survey: Survey,
  document: Document,
  cached: string | undefined,
): string | undefined {
  const named = (names: ReadonlySet<string>): string[] =>
    entries.filter(({ name }) => names.has(name)).map(({ sql }) => word(sql))
  const certain = [...named(headers), ...headersIn(survey, document).map((sql) => word(sql))]
  const open = [
    ...named(bare),
    ...inside(survey, document, cacheObjects, wordsInside).map((sql) => word(sql, true)),
  ]
  const own = firstOf(...open)
  return firstOf(...certain, own && ofAnswers(own, cached))
}

/** SQL for a word, where no cached tokens say that it is of the provider's cache of prompts. */
const ofAnswers = (sql: string, cached: string | undefined): string =>
  cached === undefined
    ? sql
    : `CASE WHEN NOT coalesce(TRY_CAST(${cached} AS DOUBLE) > 0, false) THEN ${sql} END`

/** Names that say of a call that it was cached, and of no answer. */
const bareTruths = new Set(['cached', 'iscached', 'wascached'])

/**
 * SQL for a hit of the response cache. `cached: true` beside cached tokens speaks of the cache of prompts: that call was
 * made and paid for.
 * @param truths what says so of a record, by name
 * @param cached as of `cacheWord`
 */
export function answerHit(
  truths: readonly Pick<Entry, 'name' | 'sql'>[],
  cached: string | undefined,
): string | undefined {
  const certain = truths.filter(({ name }) => !bareTruths.has(name)).map(({ sql }) => sql)
  const open = firstOf(...truths.filter(({ name }) => bareTruths.has(name)).map(({ sql }) => sql))
  return firstOf(...certain, open && ofAnswers(open, cached))
}

/** SQL for what headers say, in objects of headers: their other values are looked at by nobody. */
function headersIn(survey: Survey, document: Document): string[] {
  const pattern = `"(?:x-cache|x-cache-status|cf-aig-cache-status|cf-cache-status|helicone-cache|x-portkey-cache-status)" *: *[[]? *"([^"]*)"`
  return [...survey.shape].flatMap(([place, keys]) => {
    const path = JSON.parse(place) as string[]
    if (path.length > 1 || survey.sample.kind === 'csv' || !path.every(isAddressable)) return []
    return keys
      .filter((key) => isAddressable(key) && headerObjects.has(comparable(key)))
      .map((key) => {
        const [top] = path
        const text = top === undefined ? document.text(key) : document.embedded(top).text(key)
        return `nullif(regexp_extract(lower(${text}), '${pattern}', 1), '')`
      })
  })
}

/** SQL for the values of such names in such objects of a record, wherever any record has them. */
function inside(
  survey: Survey,
  document: Document,
  objects: ReadonlySet<string>,
  names: ReadonlySet<string>,
): string[] {
  return [...survey.shape].flatMap(([place, keys]) => {
    const path = JSON.parse(place) as string[]
    const [top, ...rest] = path
    const isOne = path.length <= 2 && objects.has(comparable(path.at(-1) ?? ''))
    if (!isOne || top === undefined || !path.every(isAddressable)) return []
    const part = document.embedded(top)
    return keys
      .filter((key) => isAddressable(key) && names.has(comparable(key)))
      .map((key) => part.text(...rest, key))
  })
}
