/**
 * What a record offers, key by key: its own keys, and those of the objects that count as if they stood at the
 * top. Names inside an object of counts or costs are told in full (`input` there is `inputtokens`).
 */
import { contextFields, type CallField } from '../../domain/call.js'
import { saysDollars, unitOfName } from './cost-fields.js'
import { comparable } from './comparable.js'
import { fieldNames } from './field-names.js'
import { plainOnly, type Document } from '../document.js'
import type { Survey } from '../survey.js'

/** Objects whose entries count as if they stood at the top: usage numbers, and labels. */
const usageContainers = ['usage', 'tokens', 'tokenusage', 'usagemetadata', 'tokencounts', 'cost', 'costs']
const labelContainers = [
  'metadata',
  'tags',
  'labels',
  'attributes',
  'properties',
  'customproperties',
  'extra',
  'dimensions',
]

export interface Entry {
  readonly key: string
  readonly name: string
  readonly sql: string
  readonly container?: string
  /** Where it stands, where that is not the container's key. */
  readonly path?: readonly string[]
}

/** Fields that a label container may give (numbers there are labels, not usage). */
const labelFields = new Set<CallField>([
  ...contextFields,
  'cache_hit',
  'cache_type',
  'attempt',
  'quality_score',
  'user_feedback',
  'region',
])

export const isUsage = (entry: Entry): boolean =>
  entry.container !== undefined && usageContainers.includes(comparable(entry.container))

/** Fields beside counts of tokens that a usage object may give. */
const usageFieldsBeside = new Set<CallField>([
  'reported_cost_usd',
  'web_search_requests',
  'file_search_requests',
  'service_tier',
  'speed',
  'region',
])

export function allowedIn(entry: Entry, field: CallField): boolean {
  if (entry.container === undefined) return true
  if (isUsage(entry))
    return field.endsWith('_tokens') || (usageFieldsBeside.has(field) && entry.name !== 'tier')
  return labelFields.has(field)
}

/** A path of keys, as text. */
export const placeOf = ({ container, key, path }: Entry): string =>
  JSON.stringify(path ?? (container === undefined ? [key] : [container, key]))

export function entriesOf(survey: Survey, document: Document): Entry[] {
  const out: Entry[] = []
  for (const key of survey.keys.filter(isAddressable)) {
    const text = document.text(key)
    const inner = survey.innerKeys.get(key)
    if (inner !== undefined && isContainer(key)) {
      out.push(...innerEntries(survey, key, inner, document))
      // Some records may hold an object there, others a plain value.
      out.push({
        key,
        name: comparable(key),
        sql: plainOnly(text),
      })
    } else if (tokenDetails.has(comparable(key))) {
      out.push(...detailEntries(survey, [key], document.embedded(key)))
    } else if (survey.counted?.has(key)) out.push({ key, name: 'cachedtokens', sql: text })
    else if (isSplitTotal(survey, [key])) {
      out.push(...detailEntries(survey, [key], document.embedded(key)), {
        key,
        name: comparable(key),
        sql: plainOnly(text),
      })
    } else if (isMoneyObject(survey, [key])) {
      out.push(...amountEntries(survey, [key], document.embedded(key)))
      out.push({ key, name: comparable(key), sql: plainOnly(text) })
    } else out.push({ key, name: comparable(key), sql: comparable(key) === 'error' ? errorKind(text) : text })
  }
  return out
}

/** True for an object in the place of a count: `inputTokens: {total, cacheRead, …}`. */
const isSplitTotal = (survey: Survey, path: readonly string[]): boolean =>
  splitTotals.has(comparable(path.at(-1)!)) &&
  (survey.shape.get(JSON.stringify(path)) ?? []).some((key) => comparable(key) === 'total')

/** What stands in an object that is looked into. */
function innerEntries(
  survey: Survey,
  container: string,
  keys: readonly string[],
  document: Document,
): Entry[] {
  const part = document.embedded(container)
  return keys.filter(isAddressable).flatMap((key) => {
    const name = comparable(key)
    if (tokenDetails.has(name) || (name === 'details' && usageContainers.includes(comparable(container))))
      return detailEntries(survey, [container, key], part.embedded(key))
    if (isSplitTotal(survey, [container, key])) {
      const whole = { key, name, sql: plainOnly(part.text(key)), container }
      return [...detailEntries(survey, [container, key], part.embedded(key)), whole]
    }
    const short = comparable(container).startsWith('cost') ? shortCosts : shortCounts
    const inFull = short === shortCosts ? ofCost(name) : name
    const meant = usageContainers.includes(comparable(container)) ? (short.get(name) ?? inFull) : name
    const plain = { key, name: meant, sql: part.text(key), container }
    if (!isMoneyObject(survey, [container, key])) return [plain]
    const amounts = amountEntries(survey, [container, key], part.embedded(key))
    return [...amounts, { ...plain, sql: plainOnly(plain.sql) }]
  })
}

/** Names of counts, in an object of costs that of what they cost: `cache_read` there is no tokens. */
const ofCost = (name: string): string =>
  /^(?:cache|cached|reasoning|thinking|audio|image|tool|search|web|file|request)/.test(name) && !/cost|usd|rate|hit/.test(name) ? `${name}cost` : name // prettier-ignore

/** Names that say in an object of money how much it is. */
const amountNames = new Map<string, string>(
  Object.entries({ amount: 'cost', value: 'cost', total: 'cost', totalcost: 'cost', cost: 'cost' }),
)

/** True for a cost, price or charge that is an object with an amount somewhere in the file. */
const isMoneyObject = (survey: Survey, path: readonly string[]): boolean => {
  const name = comparable(path.at(-1)!)
  const isMoney =
    fieldNames.reported_cost_usd?.includes(name) === true ||
    ['price', 'charge', 'amount', 'billedcost', 'totalspend', 'totalprice', 'reportedcost'].includes(name)
  return isMoney && survey.shape.has(JSON.stringify(path))
}

/** The amounts of such an object: `amount`, or a currency's own (`{"eur": 1.1, "usd": 1.2}`). */
function amountEntries(survey: Survey, path: readonly string[], part: Document): Entry[] {
  const keys = (survey.shape.get(JSON.stringify(path)) ?? []).filter(isAddressable)
  return keys.flatMap((key) => {
    const name = comparable(key)
    const meant =
      amountNames.get(name) ?? shortCosts.get(name) ?? (saysDollars(name) ? 'usd' : unitOfName(name) && name)
    if (meant === undefined) return []
    return [{ key, name: meant, sql: part.text(key), container: 'cost', path: [...path, key] }]
  })
}

/** Names that say enough inside an object of token counts. */
const shortCounts = new Map<string, string>(
  Object.entries({
    input: 'inputtokens',
    prompt: 'inputtokens',
    in: 'inputtokens',
    output: 'outputtokens',
    completion: 'outputtokens',
    out: 'outputtokens',
    total: 'totaltokens',
    cached: 'cachedtokens',
    reasoning: 'reasoningtokens',
    thoughts: 'reasoningtokens',
    tool: 'tooltokens',
  }),
)

/** Names that say enough inside an object of costs. */
const shortCosts = new Map<string, string>(
  Object.entries({
    total: 'cost',
    amount: 'cost',
    value: 'cost',
    input: 'inputcost',
    prompt: 'inputcost',
    output: 'outputcost',
    completion: 'outputcost',
  }),
)

/** Parts of an input count, by the names of fields that they fill. */
const inputParts = new Map<string, string>(
  Object.entries({
    cachedtokens: 'cachedtokens',
    cacheread: 'cachereadtokens',
    cachereadtokens: 'cachereadtokens',
    cachewritetokens: 'cachewritetokens',
    cachecreation: 'cachecreationtokens',
    cachecreationtokens: 'cachecreationtokens',
    cachecreationinputtokens: 'cachecreationtokens',
    cachereadinputtokens: 'cachereadtokens',
    cachewrite: 'cachewritetokens',
    cachedtokencount: 'cachedtokens',
    numcachedtokens: 'cachedtokens',
    ephemeral1hinputtokens: 'ephemeral1hinputtokens',
    ephemeral5minputtokens: 'ephemeral5minputtokens',
    prioritycacheread: 'cachereadtokens',
    flexcacheread: 'cachereadtokens',
    priority: 'priority part',
    flex: 'flex part',
    audio: 'inputaudiotokens',
    audiotokens: 'inputaudiotokens',
    audiotokencount: 'inputaudiotokens',
    imagetokens: 'inputimagetokens',
    videotokens: 'inputvideotokens',
  }),
)
const outputParts = new Map<string, string>(
  Object.entries({
    reasoning: 'reasoningtokens',
    reasoningtokens: 'reasoningtokens',
    thinkingtokens: 'thinkingtokens',
    reasoningtokencount: 'reasoningtokens',
    priorityreasoning: 'reasoningtokens',
    flexreasoning: 'reasoningtokens',
    priority: 'priority part',
    flex: 'flex part',
    audio: 'outputaudiotokens',
    audiotokens: 'outputaudiotokens',
    audiotokencount: 'outputaudiotokens',
    imagetokens: 'outputimagetokens',
  }),
)

/** Objects that split a count, as the providers name them, with the parts that count. */
const tokenDetails = new Map<string, ReadonlyMap<string, string>>(
  Object.entries({
    prompttokensdetails: inputParts,
    prompttokendetails: inputParts,
    inputtokensdetails: inputParts,
    inputtokendetails: inputParts,
    completiontokensdetails: outputParts,
    completiontokendetails: outputParts,
    outputtokensdetails: outputParts,
    outputtokendetails: outputParts,
    cachecreation: new Map([
      ['ephemeral1hinputtokens', 'ephemeral1hinputtokens'],
      ['ephemeral5minputtokens', 'ephemeral5minputtokens'],
    ]),
    servertooluse: new Map([['websearchrequests', 'websearchrequests']]),
  }),
)

/** Counts that may stand as an object of their total and its parts. */
const splitTotals = new Map<string, ReadonlyMap<string, string>>(
  Object.entries({
    inputtokens: new Map([...inputParts, ['total', 'inputtokens']]),
    outputtokens: new Map([...outputParts, ['total', 'outputtokens']]),
  }),
)

/** Counts of an object `details` inside a usage object, as frameworks pass on what else a provider said. */
const otherDetails = new Map<string, string>(
  Object.entries({
    reasoningtokens: 'reasoningtokens',
    thoughtstokens: 'thoughtstokens',
    thinkingtokens: 'thinkingtokens',
    cachedtokens: 'cachedtokens',
    cachedcontenttokens: 'cachedcontenttokens',
    cachereadtokens: 'cachereadtokens',
    cachereadinputtokens: 'cachereadinputtokens',
    cachewritetokens: 'cachewritetokens',
    cachecreationinputtokens: 'cachecreationinputtokens',
    ephemeral1hinputtokens: 'ephemeral1hinputtokens',
    ephemeral5minputtokens: 'ephemeral5minputtokens',
    audioprompttokens: 'audioprompttokens',
    websearchrequests: 'websearchrequests',
  }),
)

/** The parts of a count that some record has, at a path of the record. */
function detailEntries(survey: Survey, path: readonly string[], part: Document): Entry[] {
  const name = comparable(path.at(-1)!)
  const parts = tokenDetails.get(name) ?? splitTotals.get(name) ?? otherDetails
  const keys = survey.shape.get(JSON.stringify(path)) ?? []
  const known = keys.filter((key) => isAddressable(key) && parts.has(comparable(key)))
  return known.flatMap((key) => {
    const entry = {
      key,
      name: parts.get(comparable(key))!,
      sql: part.text(key),
      container: isContainer(path[0]!) ? path[0]! : 'usage',
    }
    const isSplit = tokenDetails.has(comparable(key)) && survey.shape.has(JSON.stringify([...path, key]))
    return isSplit
      ? [
          ...detailEntries(survey, [...path, key], part.embedded(key)),
          { ...entry, sql: plainOnly(entry.sql) },
        ]
      : [entry]
  })
}

/** SQL: of an error that is an object its kind, else its text. */
const errorKind = (text: string): string =>
  `CASE WHEN ${text} = '{}' THEN NULL WHEN starts_with(${text}, '{') AND json_valid(${text}) THEN
    coalesce(json_extract_string(${text}, '/type'), json_extract_string(${text}, '/code'), json_extract_string(${text}, '/message'), 'error')
    ELSE ${text} END`

/** Empty names and names with control characters are no SQL names, and no field of a call has one. */
// eslint-disable-next-line no-control-regex
export const isAddressable = (key: string): boolean => key !== '' && !/[\u0000-\u001f\u007f]/.test(key)

/** True for top-level keys whose objects are looked into. */
export const isContainer = (key: string): boolean =>
  [...usageContainers, ...labelContainers].includes(comparable(key))
