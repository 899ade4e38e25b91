/**
 * Words of a tier, a speed or a place that stand in a record under a name that its plan does not read. They
 * move the price, so they are named; a label of the application's own (a job called `batch`) is none of them.
 */
import type { CallField } from '../../domain/call.js'
import { comparable } from '../records/comparable.js'
import { firstOf } from '../document.js'
import type { ReadPlan } from '../importer.js'
import type { Survey } from '../survey.js'
import {
  flagMeaning,
  isAddress,
  isModeName,
  isNameOfBatch,
  isOfRequest,
  isOwnLabel,
  isListOfTags,
  isResidency,
  isServiceName,
  isTierName,
  noPlaces,
  sampled,
  speaksOfMode,
} from '../records/mode-names.js'
import { isLookedInto, wordsOf } from './money.js'
import { movesPrice, quietWords, tierIn } from '../records/tier-words.js'
import { quoteText } from '../../domain/words/quoting.js'

/** What is known of a plan: SQL of what it takes for each mode, and what the user said of it. */
export interface Taken {
  readonly plan: ReadPlan
  readonly survey: Survey
  /** True for a field that `--map` or `--set` gives. */
  readonly given: (field: CallField) => boolean
  /** True for a path that becomes a column of the call which is no mode. */
  readonly isUsed: (path: readonly string[]) => boolean
}

/** A place of the record with SQL for its text. */
export interface Spoken {
  readonly path: readonly string[]
  readonly text: string
  /** The name under which it is told. */
  readonly shown: string
}

/** What is asked of a place: SQL for its name, or NULL; a word of a tier is asked of all places at once. */
type Question = ((spoken: Spoken, taken: Taken) => string) | 'tier' | 'any tier' | 'flex'

/** Most labels that are asked. */
const mostLabels = 30

/** A place that may hold a word of a mode, with what is asked there. */
export interface ModePlace {
  readonly path: readonly string[]
  readonly questions: readonly Question[]
}

export function modePlaces(places: readonly (readonly string[])[], taken: Taken): readonly ModePlace[] {
  let labels = 0
  const found = places.flatMap((path): ModePlace[] => {
    if (taken.survey.shape.has(JSON.stringify(path))) return []
    if (!path.every(isLookedInto) || isSaid(path)) return []
    // Under these names some values are used and others are not; each record tells.
    if (taken.isUsed(path) && !isNameOfBatch(path.at(-1)!)) return []
    const questions = questionsAt(path, taken)
    const isLabel = !taken.given('service_tier') && isUnknownLabel(path, taken.survey)
    if (questions.length === 0 && isLabel && labels++ < mostLabels)
      return [{ path, questions: ['tier' as const] }]
    return questions.length === 0 ? [] : [{ path, questions }]
  })
  // Names that speak of a mode go before labels of unknown meaning.
  return found.toSorted((a, b) => Number(isSpeaking(b.path)) - Number(isSpeaking(a.path)))
}

const isSpeaking = (path: readonly string[]): boolean =>
  isTierName(path) || isModeName(path) || speaksOfMode(path)

/** SQL for the names of what is said at the places; what is asked of many is asked in one go. */
export function modeNames(
  places: readonly (ModePlace & Spoken)[],
  taken: Taken,
): string[] {
  const asking = (question: Question): Spoken[] => places.filter(({ questions }) => questions.includes(question))
  const own = (spoken: Spoken): boolean => !isOfRequest(spoken.path)
  const single = places.flatMap((place) =>
    place.questions.flatMap((question) => (typeof question === 'string' ? [] : [question(place, taken)])),
  )
  // A lambda must not look beyond its list: the engine would copy the whole record for each of its elements.
  const inTiers = (spoken: readonly Spoken[], guard: Test, test: Test): string[] =>
    namesOf(
      spoken,
      guard,
      spoken.length === 1
        ? [{ test: (text) => `${tierIn(text)} NOT IN ('', ${takenTier(taken)}) AND ${test(text)}` }]
        : (['batch', 'flex', 'priority'] as const).map((tier) => ({
            test: (text) => `${tierIn(text)} = '${tier}' AND ${test(text)}`,
            when: `${takenTier(taken)} <> '${tier}'`,
          })),
    )
  const asked = asking('tier')
  const any = asking('any tier')
  return [
    ...single,
    ...inTiers(asked.filter(own), isMoving, movesPrice),
    ...namesOf(asked.filter((one) => !own(one)), isMoving, [{ test: movesPrice, when: untaken(taken) }]),
    ...inTiers(asking('flex'), isMoving, (text) => `starts_with(lower(${text}), 'flex') AND ${movesPrice(text)}`),
    ...inTiers(any.filter(own), isUnquiet, () => 'true'),
    ...namesOf(any.filter(own), isUnquiet, [{ test: (text) => `${tierIn(text)} = ''` }]),
    ...namesOf(any.filter((one) => !own(one)), isUnquiet, [{ when: untaken(taken) }]),
  ]
} // prettier-ignore

/** SQL over the text of a place. A test is true for what is told, a guard for what is worth a closer look. */
type Test = (text: string) => string

interface Passing {
  readonly test?: Test
  /** SQL over the record. */
  readonly when?: string
}

/**
 * SQL for `name=word` of the places that pass, for a list of places; none for an empty list. One place alone is
 * asked without a list: to plan a lambda takes the engine longer than to read a small file.
 */
export function namesOf(
  spoken: readonly Spoken[],
  guard: Test,
  passing: readonly Passing[],
  { prefix = '', word = (text: string) => `lower(trim(${text}))` } = {},
): string[] {
  const [only, ...others] = spoken
  if (only === undefined) return []
  const nameOf = ({ shown }: Spoken): string => quoteText(`${prefix}${shown}=`)
  const short = (text: string): string => `replace(left(${word(text)}, 30), ';', '?')`
  const passes = (text: string, { test }: Passing): string => `(${test?.(text) ?? 'true'})`
  if (others.length === 0) {
    const { text } = only
    const any = passing.map((one) => `${one.when ?? 'true'} AND ${passes(text, one)}`).join(' OR ')
    return [`CASE WHEN ${guard(text)} THEN CASE WHEN ${any} THEN ${nameOf(only)} || ${short(text)} END END`]
  }
  const list = `[${spoken.map((one) => `{'n': ${nameOf(one)}, 'v': ${one.text}}`).join(', ')}]`
  const names = passing.map((one) => {
    const passed = `list_filter(${list}, lambda x: ${guard('x.v')} AND ${passes('x.v', one)})`
    return `CASE WHEN ${one.when ?? 'true'} THEN nullif(array_to_string(list_transform(${passed}, lambda x: x.n || ${short('x.v')}), '; '), '') END`
  })
  return [
    `CASE WHEN ${spoken.map(({ text }) => guard(text)).join(' OR ')} THEN nullif(concat_ws('; ', ${names.join(', ')}), '') END`,
  ]
}

/** Beginnings of the words of tiers: few texts pass, and only those are looked at closely. */
const isMoving: Test = (text) => `regexp_matches(${text}, '^(?i:batc|flex|prio|on[ _-]d|mess)')`

/** Under the very name of a tier every word counts that is not the standard one. */
const isUnquiet: Test = (text) =>
  `NOT contains('|${quietWords().join('|')}|', '|' || replace(replace(lower(trim(${text})), ' ', '_'), '-', '_') || '|')`

function questionsAt(path: readonly string[], { given, plan }: Taken): Question[] {
  const key = path.at(-1)!
  const out: Question[] = []
  const isMode = isTierName(path) || isModeName(path)
  if (!given('service_tier')) {
    if (isTierName(path)) out.push('any tier')
    else if (isMode || (speaksOfMode(path) && !isOwnLabel(path))) out.push('tier')
    else if (isServiceName(path)) out.push('flex')
    if (path.length === 1 && isListOfTags(key)) out.push(taggedTier)
    const meaning = flagMeaning(key)
    if (meaning !== undefined) out.push(flag(meaning))
    if (isNameOfBatch(key)) out.push(batchId)
    if (isAddress(path)) out.push(batchAddress)
  }
  if (!given('speed')) {
    if (wordsOf(key).some((word) => ['speed', 'tier'].includes(word))) out.push(fastWord(false))
    else if (isMode || wordsOf(key).includes('mode')) out.push(fastWord(true))
    if (path.slice(-2).some((one) => wordsOf(one).some((word) => /^(?:latency|performance)$/.test(word))))
      out.push(optimizedWord)
  }
  if (!given('region')) {
    if (isResidency(path)) out.push(residency)
    if (isAddress(path)) out.push(regionalHost)
  }
  // An operation is no label of its own: `batch` there may be what it was.
  if (plan.fields.operation?.includes('batch') !== true && comparable(key) === 'operation') out.push('tier')
  return [...new Set(out)]
} // prettier-ignore

/** True inside what was said to the model or by it, where a word is somebody's text. */
const isSaid = (path: readonly string[]): boolean =>
  !isTierName(path) &&
  path
    .slice(0, -1)
    .some((key) => /^(?:input|output|body|result|data|payload|completion)$/.test(comparable(key)))

/** Objects of labels, and of what stands beside a call. */
const besides =
  /^(?:metadata|meta|tags|labels|attributes|properties|customproperties|extra|dimensions|usage|info|context|details|custom|additional\w*|llm\w*|call\w*|billing|pricing)$/

/** True for a label of unknown meaning that holds, as far as the sample tells, short words. */
export function isUnknownLabel(path: readonly string[], survey: Survey): boolean {
  if (path.length > 2 || (path.length === 2 && !besides.test(comparable(path[0]!)))) return false
  if (isOwnLabel(path)) return false
  return sampled(path, survey.sample).every((value) => /^[\p{L}€£¥][\p{L} _-]{0,23}$|^[€£¥]$/u.test(value))
}

/** SQL: no tier was taken. */
const untaken = ({ plan }: Taken): string =>
  plan.fields.service_tier === undefined ? 'true' : `coalesce(${plan.fields.service_tier}, '') = ''`

/** SQL: which of the tiers with prices of their own was taken; empty for none. */
const takenTier = ({ plan }: Taken): string =>
  plan.fields.service_tier === undefined ? `''` : tierIn(plan.fields.service_tier)

/** SQL: another tier was taken; a request's word counts where none was. */
const differs = (meaning: string, path: readonly string[], taken: Taken): string =>
  isOfRequest(path) ? untaken(taken) : `${takenTier(taken)} <> '${meaning}'`

/** A tier in a list of tags: `tier:batch`. */
const taggedTier: Question = ({ text, shown }, taken) => {
  const pair = `regexp_extract(lower(${text}), '\\b((?:[a-z_]*(?:tier|mode)|processing)[:=] ?(?:batch|flex|priority)[a-z_]*)', 1)`
  return `CASE WHEN (contains(${text}, 'batch') OR contains(${text}, 'flex') OR contains(${text}, 'priority')) AND ${untaken(taken)} THEN ${quoteText(`${shown}=`)} || nullif(${pair}, '') END`
}

/** SQL for the model, of which some have a fast mode. */
const isClaude = ({ fields }: ReadPlan): string => {
  const model = firstOf(fields.response_model, fields.request_model)
  return model === undefined ? 'true' : `coalesce(${model} ILIKE '%claude%', true)`
}

/** SQL: the plan has not taken this speed already. */
const notTaken = (speed: string, { plan }: Taken): string =>
  plan.fields.speed === undefined ? 'true' : `lower(${plan.fields.speed}) IS DISTINCT FROM '${speed}'`

const fastWord =
  (ofClaude: boolean): Question =>
  ({ text, shown }, taken) =>
    `CASE WHEN lower(${text}) = 'fast' AND ${notTaken('fast', taken)}${ofClaude ? ` AND ${isClaude(taken.plan)}` : ''} THEN ${quoteText(`${shown}=fast`)} END`

const optimizedWord: Question = ({ text, shown }, taken) =>
  `CASE WHEN lower(${text}) IN ('optimized', 'optimised', 'latency_optimized') AND ${notTaken('optimized', taken)} THEN ${quoteText(`${shown}=optimized`)} END`

function flag(meaning: string): Question {
  return ({ path, text, shown }, taken) => {
    const truths = isBareNumber(path, taken.survey)
      ? ['true', 'yes', 't']
      : ['true', 'yes', 't', '1', '1.0', 'on', 'enabled']
    const is = `lower(${text}) IN (${truths.map(quoteText).join(', ')})`
    const open = ['fast', 'optimized'].includes(meaning)
      ? notTaken(meaning, taken)
      : differs(meaning, path, taken)
    const model = meaning === 'fast' ? ` AND ${isClaude(taken.plan)}` : ''
    return `CASE WHEN ${is} AND ${open}${model} THEN ${quoteText(`${shown}=`)} || lower(${text}) END`
  }
}

/** True where 1 under such a bare name may be a number: of a batch, or of how urgent a call was. */
function isBareNumber(path: readonly string[], survey: Survey): boolean {
  const words = survey.words?.get(JSON.stringify(path))
  if (comparable(path.at(-1)!) === 'batch') return words?.every((word) => /^1(?:\.0)?$/.test(word)) !== true
  return comparable(path.at(-1)!) === 'priority'
}

/** A batch by the name that its provider gave it: one with letters and digits. */
const batchId: Question = ({ path, text, shown }, taken) =>
  `CASE WHEN contains(${text}, 'batch') AND ${differs('batch', path, taken)} AND regexp_matches(${text}, '^(?:(?:ms|msg)?batch_|batches/)[A-Za-z0-9]*(?:[A-Za-z][0-9]|[0-9][A-Za-z])') THEN ${quoteText(shown)} END`

/** Paths of the providers' batches. */
const batchPaths =
  '/v1(?:beta)?/(?:messages/)?batch(?:es)?(?:[/?]|$)|/openai/(?:v1/)?batches(?:[/?]|$)|:batchgeneratecontent|batchpredictionjobs|model-invocation-job'

const batchAddress: Question = ({ path, text, shown }, taken) =>
  `CASE WHEN (contains(${text}, 'batch') OR contains(${text}, 'invocation-job')) AND ${differs('batch', path, taken)} AND regexp_matches(lower(${text}), ${quoteText(batchPaths)}) THEN ${quoteText(`${shown}=batches`)} END`

/** SQL: the plan knows no place of the call. */
const placeless = ({ plan }: Taken): string =>
  plan.fields.region === undefined ? 'true' : `nullif(${plan.fields.region}, '') IS NULL`

const regionalHost: Question = ({ text, shown }, taken) =>
  `CASE WHEN contains(${text}, '.api.openai.com') AND ${placeless(taken)} THEN ${quoteText(`${shown}=`)} || nullif(regexp_extract(lower(${text}), '(?:^|/)([a-z-]+\\.api\\.openai\\.com)', 1), '') END`

const residency: Question = ({ text, shown }, taken) =>
  `CASE WHEN NOT contains('|${noPlaces.join('|')}|', '|' || lower(trim(${text})) || '|') AND ${placeless(taken)} THEN ${quoteText(`${shown}=`)} || replace(left(lower(trim(${text})), 30), ';', '?') END`
