/** What is doubtful about what a run read, in sentences: one a kind, whatever the number of files. */
import { counted, plural } from '../domain/words/plurals.js'
import { count } from '../domain/words/wording.js'
import type { CacheHabit } from './typing/cache-reading.js'
import { placeholderWords } from './typing/placeholders.js'
import { totalRow } from '../importers/records/total-rows.js'
import { inWords } from './files/printed.js'
import { repairRules, type RepairRule } from './typing/repairs.js'
import type { IngestSummary } from './summary.js'
import { beyondTotal } from './typing/token-rules.js'

/** Sentences on what a run repaired, took for granted or replaced. */
export function doubts(summary: IngestSummary): string[] {
  const out: string[] = []
  for (const [rule, words] of Object.entries(repairRules)) {
    const files = summary.files.filter((file) => (file.repairs[rule as RepairRule] ?? 0) > 0)
    const calls = files.reduce((sum, file) => sum + (file.repairs[rule as RepairRule] ?? 0), 0)
    const where = files.length === 1 ? files[0]!.label : `${count(files.length)} files`
    if (calls > 0) out.push(`${countedCalls(calls)} in ${where}: ${words}`)
  }
  out.push(...unreadWords(summary.unread), ...cacheWords(summary.cacheHabits))
  if (summary.reread > 0) {
    const were = plural(summary.reread, 'was read and priced', 'were read and priced')
    out.push(
      `${countedCalls(summary.reread)} of earlier runs ${were} anew: it is known now how cached tokens were counted`,
    )
  }
  if (summary.placeholders !== undefined) out.push(placeholderWords(summary.placeholders))
  out.push(...summary.notes)
  for (const file of summary.files) {
    if (file.state === 'read' && file.note !== null) out.push(`${file.label}: ${file.note}`)
  }
  return out
}

/** Most kinds of unread usage that are told one by one. */
const shownKinds = 10

/** What was not read: one sentence a kind. */
function unreadWords(unread: IngestSummary['unread']): string[] {
  const words = unread.slice(0, shownKinds).map(({ name, calls, files, label, skipped }) => {
    const where = label ?? `${count(files)} files`
    if (skipped) return skippedWords(name, calls, where)
    const currency = /^currency=(.*)$/.exec(name)?.[1]
    if (currency !== undefined)
      return `${countedCalls(calls)} in ${where}: the cost is in ${currency} and is left out; --set currency_rate=<US dollars for one> converts it`
    if (name === beyondTotal)
      return `${countedCalls(calls)} in ${where}: the record's own total has tokens beyond input and output, which nothing explains; ${plural(calls, 'it counts', 'they count')} as partly priced`
    const doubtful = /^currency in doubt: (.*)$/.exec(name)?.[1]
    if (doubtful !== undefined)
      return `${countedCalls(calls)} in ${where}: the cost is read as US dollars though the record says ${doubtful}; --set currency=<code> says what it is in`
    return `${countedCalls(calls)} in ${where}: ${name} is not read; ${plural(calls, 'it counts', 'they count')} as partly priced`
  })
  const more = unread.length - words.length
  if (more > 0) words.push(`${count(more)} more kinds of usage are not read; llmcost status lists all`)
  return words
}

/** A record that speaks of usage and has no call's shape: it may be a call of another log in the same file. */
function skippedWords(name: string, records: number, where: string): string {
  if (name === inWords) {
    const lines =
      records === 1
        ? '1 line is left out as no call, though it tells'
        : `${count(records)} lines are left out as no calls, though they tell`
    return `${where}: ${lines} ${inWords}; only what is logged as JSON is read`
  }
  if (name === totalRow)
    return `${where}: ${counted(records, 'row adds up others and is left out as no call', 'rows add up others and are left out as no calls')}`
  const are = counted(records, 'record is left out as no call', 'records are left out as no calls')
  return `${where}: ${are}, though ${name} is there; in a file of their own such records may be read`
}

const countedCalls = (calls: number): string => counted(calls, 'call')

/** Which reading of cached tokens was taken, and what shows it; nothing where it is the usual one. */
function cacheWords(habits: readonly CacheHabit[]): string[] {
  const unclear = habits.filter(({ included, excluded }) => included > 0 && excluded > 0)
  const beside = habits.filter(({ habit }) => habit === 'habit excluded')
  // A log of OpenAI's calls counts cached tokens inside the input, and nobody expects anything else.
  const inside = habits.filter((h) => h.habit === 'habit included' && h.claude_calls > 0 && h.open_calls > 0)
  const assumed = habits.filter((h) => h.habit === 'open' && !unclear.includes(h) && h.claude_calls > 0)
  const out = [
    ...taken(beside, 'beside', ({ excluded }) => excluded),
    ...taken(inside, 'inside', ({ included }) => included),
  ]
  if (assumed.length > 0)
    out.push(
      `${countedCalls(sum(assumed, (h) => h.claude_calls))}: it was taken that input tokens include cached ones; --cache-tokens excluded reads them apart`,
    )
  for (const { provider, shape, calls, included, excluded, open_calls: open } of unclear) {
    const rest = open === 0 ? '' : `; the other ${count(open)} were read as inside`
    out.push(
      `${countedCalls(calls)} (${provider ?? 'no provider'}; ${shape}): cached tokens are inside input by the figures of ${countedCalls(included)} and beside it by those of ${count(excluded)}${rest}; --cache-tokens included or excluded says which`,
    )
  }
  return out
}

const sum = (habits: readonly CacheHabit[], of: (habit: CacheHabit) => number): number =>
  habits.reduce((total, habit) => total + of(habit), 0)

/** `12,361 calls: cached tokens are beside input, as 9,502 calls with their own cost show` */
function taken(
  habits: readonly CacheHabit[],
  where: 'inside' | 'beside',
  certain: (habit: CacheHabit) => number,
): string[] {
  if (habits.length === 0) return []
  const shown = sum(habits, certain)
  const byCounts = sum(habits, (h) => h.by_counts)
  const by = byCounts === 0 ? 'own cost' : byCounts === shown ? 'own counts' : 'own cost or counts'
  const shows = shown === 1 ? `1 call with its ${by} shows` : `${count(shown)} calls with their ${by} show`
  return [`${countedCalls(sum(habits, (h) => h.calls))}: cached tokens are ${where} input, as ${shows}`]
}
