/** What shows that a model of OpenAI was asked at Azure: marks of its answers, its addresses, its settings. */
import { absent, absentList, type Body } from '../bodies/body-places.js'
import { comparable } from '../records/comparable.js'
import { firstOf, pointerOf, type Document } from '../document.js'
import { isObject } from '../sample-values.js'
import type { Survey } from '../survey.js'
import { quoteText } from '../../domain/words/quoting.js'

/** Keys under which an address stands, as names are compared. */
const addressNames = [
  'apibase', 'baseurl', 'apibaseurl', 'url', 'uri', 'requesturl', 'requesturi', 'fullurl', 'endpoint', 'apiendpoint', 'endpointurl',
  'host', 'hostname', 'server', 'azureendpoint',
] // prettier-ignore

/** Keys that only a call to Azure has. */
const ownNames = ['azureendpoint', 'azuredeployment', 'azureresource', 'azureopenaiendpoint', 'xmsregion']

/** Words under `api_type` of the Python library. */
const typeNames = ['apitype', 'openaiapitype']

const address =
  '(?i)(?:openai|cognitiveservices|services\\.ai|inference\\.ai|models\\.ai)\\.azure\\.(?:com|us|cn)|\\.azure-api\\.net'

/** Objects around a call in which its address and its headers stand. */
const around = ['request', 'headers', 'responseheaders', 'requestheaders', 'response', 'metadata', 'hiddenparams', 'litellmparams'] // prettier-ignore

/**
 * SQL: true for a call that was made to Azure by what stands around it; undefined where no record of the
 * sample has such a mark.
 */
export function askedAtAzure(survey: Survey, document: Document): string | undefined {
  const places = [...survey.keys.map((key) => [key]), ...innerPlaces(survey)]
  const marks = places.flatMap((path) => {
    const name = comparable(path.at(-1)!)
    const text = textAt(survey, document, path)
    if (ownNames.includes(name)) return [`nullif(${text}, '') IS NOT NULL`]
    if (typeNames.includes(name)) return [`starts_with(lower(${text}), 'azure')`]
    // Most addresses are others: the quick test goes first.
    return addressNames.includes(name)
      ? [`(contains(${text}, '.azure') AND regexp_matches(${text}, ${quoteText(address)}))`]
      : []
  })
  return marks.length === 0 ? undefined : `coalesce(${marks.join(' OR ')}, false)`
}

/** Keys inside the objects around a call, as the sample has them. */
function innerPlaces({ sample, keys }: Survey): string[][] {
  if (sample.kind === 'csv') return []
  const found = new Map<string, string[]>()
  const walk = (value: unknown, path: string[]): void => {
    if (!isObject(value)) return
    for (const [key, inner] of Object.entries(value)) {
      const at = [...path, key]
      if (path.length > 0) found.set(JSON.stringify(at), at)
      if (path.length < 2 && around.includes(comparable(key))) walk(inner, at)
    }
  }
  for (const record of sample.records) walk(record, [])
  return [...found.values()].filter(([key]) => keys.includes(key!))
}

/** SQL: true for an answer that has what only Azure adds: its filters of content. */
export function answeredByAzure(body: Body): string | undefined {
  const filters = ['prompt_filter_results', 'prompt_annotations', 'content_filters'].map((key) =>
    body.text(key),
  )
  const ofChoices = ['content_filter_results', 'content_filter_result'].map((key) =>
    body.list(['choices'], key),
  )
  const marks = [
    ...filters.filter((sql) => sql !== absent).map((sql) => `${sql} IS NOT NULL`),
    ...ofChoices
      .filter((sql) => sql !== absentList)
      .map((sql) => `coalesce(len(list_filter(${sql}, lambda x: x IS NOT NULL)) > 0, false)`),
  ]
  return marks.length === 0 ? undefined : `(${marks.join(' OR ')})`
}

/** SQL for the text at a place, taken out of the whole: hardly any log has such keys. */
function textAt({ sample }: Survey, document: Document, path: readonly string[]): string {
  if (sample.kind === 'csv' || path.length === 1) return document.text(...path)
  return `CASE WHEN readable THEN json_extract_string(text, ${quoteText(pointerOf(path))}) END`
}

/**
 * SQL for the provider of a call that may have been made to Azure through a library of OpenAI's.
 * @param provider SQL for what the record says itself
 */
export function orAzure(
  provider: string | undefined,
  ...marks: readonly (string | undefined)[]
): string | undefined {
  const given = marks.filter((mark) => mark !== undefined)
  if (given.length === 0) return provider
  const isOpenai = provider === undefined ? '' : ` AND coalesce(lower(${provider}) IN ('', 'openai'), true)`
  const azure = `CASE WHEN (${given.join(' OR ')})${isOpenai} THEN 'azure' END`
  return firstOf(azure, provider)
}
