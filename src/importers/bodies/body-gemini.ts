/**
 * The counts of Google's `generateContent`: thoughts are output beside the candidates, what tools gave is
 * input beside the prompt, and lists split both by modality. A field that is missing is 0.
 */
import type { UsageField } from '../../domain/call.js'
import { absent, absentList, firstThere, type Body } from './body-places.js'
import { number, sumOf, sumOfList } from './counts.js'

export interface GeminiUsage {
  readonly fields: Partial<Record<UsageField, string>>
  /** SQL: true for a body with Google's counts. */
  readonly is: string
  /** SQL for the names of modalities that are not known; NULL where all are. */
  readonly unread: string
}

/** Modalities by what the price data call them: pages of documents are read as images. */
const modalities = { audio: ['AUDIO'], image: ['IMAGE', 'DOCUMENT'], video: ['VIDEO'] } as const

export function geminiUsage(body: Body): GeminiUsage {
  const count = (camel: string): string =>
    firstThere(body.text('usageMetadata', camel), body.text('usage_metadata', snake(camel)))
  const [prompt, candidates] = [
    count('promptTokenCount'),
    firstThere(count('candidatesTokenCount'), count('responseTokenCount')),
  ]
  const [thoughts, tools, total] = [
    count('thoughtsTokenCount'),
    count('toolUsePromptTokenCount'),
    count('totalTokenCount'),
  ]
  const sum = (...counts: string[]): string => counts.map((c) => `coalesce(${number(c)}, 0)`).join(' + ')
  // Some surfaces count thoughts among the candidates: the total tells.
  const inside = `coalesce(${number(thoughts)} <= ${number(candidates)} AND ${number(total)} IN (${sum(prompt, candidates)}, ${sum(prompt, candidates, tools)}), false)`
  const lists = ['promptTokensDetails', 'toolUsePromptTokensDetails'] as const
  const of = (names: readonly string[], ...details: readonly string[]): string =>
    listed(
      details.map((name) => modalityList(body, name)),
      names,
    )
  if ([prompt, candidates, total].every((sql) => sql === absent))
    return { is: 'false', fields: {}, unread: absent }
  const is = `coalesce(${prompt}, ${candidates}, ${total}) IS NOT NULL`
  return {
    is,
    fields: {
      web_search_requests: searches(body),
      input_tokens: `CASE WHEN ${is} THEN coalesce(${sumOf(prompt, tools)}, '0') END`,
      output_tokens: `CASE WHEN ${is} THEN coalesce(CASE WHEN ${inside} THEN ${candidates} ELSE ${sumOf(`coalesce(${candidates}, '0')`, thoughts)} END, '0') END`,
      input_audio_tokens: of(modalities.audio, ...lists),
      input_image_tokens: of(modalities.image, ...lists),
      input_video_tokens: of(modalities.video, ...lists),
      cache_read_audio_input_tokens: of(modalities.audio, 'cacheTokensDetails'),
      output_audio_tokens: of(modalities.audio, 'candidatesTokensDetails', 'responseTokensDetails'),
      output_image_tokens: of(modalities.image, 'candidatesTokensDetails', 'responseTokensDetails'),
    },
    unread: unknownModalities(body),
  }
}

/** SQL for the number of queries by which answers were grounded in Google Search; NULL for none. */
function searches(body: Body): string {
  const counts = (
    [
      ['groundingMetadata', 'webSearchQueries'],
      ['grounding_metadata', 'web_search_queries'],
    ] as const
  ).flatMap(([metadata, queries]) => {
    const found = body.list(['candidates'], metadata)
    if (found === absentList) return []
    const parsed = `CASE WHEN json_valid(x) THEN x END`
    return [`list_sum(list_transform(${found}, lambda x: json_array_length(${parsed}, '/${queries}')))`]
  })
  return counts.length === 0
    ? absent
    : `CAST(nullif(CAST(coalesce(${counts.join(', ')}) AS BIGINT), 0) AS VARCHAR)`
}

const snake = (camel: string): string => camel.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** SQL for the list of [modality, count] under a name; undefined where no record has it. */
function modalityList(body: Body, name: string): string | undefined {
  const pairs = (usage: string, list: string, key: string): string[] => {
    const [kinds, counts] = [body.list([usage, list], 'modality'), body.list([usage, list], key)]
    return counts === absentList ? [] : [`list_zip(coalesce(${kinds}, []), coalesce(${counts}, []))`]
  }
  return joined([
    ...pairs('usageMetadata', name, 'tokenCount'),
    ...pairs('usage_metadata', snake(name), 'token_count'),
  ])
}

/** SQL for lists one after the other; undefined for none. */
function joined(lists: readonly (string | undefined)[]): string | undefined {
  const [first, ...more] = lists.filter((list) => list !== undefined)
  return first && more.reduce((all, list) => `list_concat(${all}, ${list})`, first)
}

/** SQL for the sum of the counts of some modalities; NULL where there is none. */
function listed(lists: readonly (string | undefined)[], names: readonly string[]): string {
  const all = joined(lists)
  if (all === undefined) return absent
  const own = `list_filter(${all}, lambda z: upper(z[1]) IN (${names.map((name) => `'${name}'`).join(', ')}))`
  return sumOfList(`list_transform(${own}, lambda z: z[2])`)
}

/** SQL: modalities that no price covers, `modality=HAPTIC; …`; output of video has no price either. */
function unknownModalities(body: Body): string {
  const known = ['TEXT', ...Object.values(modalities).flat()]
  const input = ['promptTokensDetails', 'toolUsePromptTokensDetails', 'cacheTokensDetails']
  const output = ['candidatesTokensDetails', 'responseTokensDetails']
  const names = (lists: readonly string[], known: readonly string[]): string | undefined => {
    const all = joined(lists.map((name) => modalityList(body, name)))
    return (
      all &&
      `list_filter(${all}, lambda z: ${number('z[2]')} > 0 AND NOT list_contains([${known.map((name) => `'${name}'`).join(', ')}], upper(coalesce(z[1], ''))))`
    )
  }
  const all = joined([
    names(input, known),
    names(
      output,
      known.filter((name) => name !== 'VIDEO'),
    ),
  ])
  if (all === undefined) return absent
  return `nullif(list_aggregate(list_sort(list_distinct(list_transform(${all}, lambda z: 'modality=' || regexp_replace(left(coalesce(z[1], '?'), 40), '[^A-Za-z0-9_-]', '?', 'g')))), 'string_agg', '; '), '')`
}
