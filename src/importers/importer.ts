/**
 * importers: one file a log format, one line in registry.ts. An importer is pure: it looks at a sample
 * of records and answers with SQL that takes each field's text out of a record. Casting, checking,
 * deduplicating and pricing are the same for all and happen in `ingest`.
 */
import type { CallField } from '../domain/call.js'
import type { Document } from './document.js'
import type { Sample, Survey } from './survey.js'

/** A condition in SQL under which a record is rejected, with the reason that is shown. */
export interface Refusal {
  readonly when: string
  readonly reason: string
}

/** How to take a call out of a record. Expressions are SQL over `doc` (see Document) and give text. */
export interface ReadPlan {
  readonly document: Document
  readonly fields: Partial<Record<CallField, string>>
  /** SQL for tags: an expression of type MAP(VARCHAR, VARCHAR), or undefined for none. */
  readonly tags?: string
  /** SQL condition: records for which it is not true are skipped as "not a call". */
  readonly isCall?: string
  /** True where records that are no calls speak of usage of their own, such as that of calls told elsewhere. */
  readonly othersAreNoCalls?: true
  /** A record may be known for a call though nobody counted what it used: its tokens are unknown then, not none. */
  readonly callsMayLackUsage?: true
  /** Lines may stand for what tells tokens or a cost in words, and is left out and named. */
  readonly linesInWords?: true
  readonly refusals?: readonly Refusal[]
  /** Does `input_tokens` include cache reads and writes in this source? */
  readonly cacheTokens: 'included' | 'excluded'
  /** True when the source is known to keep to that always, so that no other reading is tried. */
  readonly cacheTokensCertain?: true
  /** SQL: true for records of such a source that are another's, whose reading is open. */
  readonly cacheTokensOpen?: string
  /** SQL for who wrote a record, where many do: how one counts cached tokens says nothing of another. */
  readonly loggedBy?: string
  /** Names under which the source has a field, each with SQL that is not NULL where a record has it. */
  readonly foundUnder?: Readonly<
    Partial<Record<CallField, readonly { readonly name: string; readonly sql: string }[]>>
  >
  /**
   * SQL: true for the records of a source of both kinds whose input excludes cached tokens; `cacheTokens`
   * then is what holds for the others.
   */
  readonly cacheTokensBeside?: string
  /** The source's own sum of tokens, to check against. */
  readonly totalTokens?: string
  /** Input tokens of tools' answers, where they may stand beside the input; the total tells. */
  readonly toolTokens?: string
  /**
   * SQL for what the record says of usage, tier, speed, place or money that the plan does not use: names,
   * joined by `; `; NULL when it uses all. Undefined when no record of the source can have such.
   */
  readonly unread?: string
  /** SQL of what the plan reads beside its fields, such as parts that it adds up elsewhere. */
  readonly uses?: readonly string[]
  /** Fields whose SQL adds up or converts what it reads: none of the values is a rival of the sum. */
  readonly addedUp?: readonly CallField[]
  /** Paths that look like usage or money and need no price, with the reason; beside those of money.ts. */
  readonly moneyFree?: readonly { readonly path: readonly string[]; readonly reason: string }[]
  /** The source's own parts of the cost, to check against its total. */
  readonly costParts?: readonly string[]
  /** The importer that the call was first read by, where the record says so. */
  readonly source?: string
  /** What the call is priced as, where the record says that too; else the model that answered, or was asked. */
  readonly model?: string
  /** The record holds what was read and brought to our terms before: absent values are not filled in again. */
  readonly readBefore?: true
  /**
   * SQL for what the id says: `any` where it may name several calls (records are one
   * only if they agree in more than that), `operation` where it names one call an operation, NULL where it is the id of one call.
   * Undefined: it always is.
   */
  readonly idKind?: string
  /** What a key named `tier` alone, or a mode under another name, was taken for; said in the run's words. */
  readonly tierTakenFor?: 'service tier' | 'label' | 'mode'
  /** Of a log whose records name the record above them: SQL for that name, and for a list of their own names. */
  readonly spans?: { readonly parent: string; readonly own: string }
  /**
   * Of a source without ids that tells of a call in several layouts: the fields that say which it is. Records that
   * agree in them are one call, but for those of one file.
   */
  readonly sameBy?: readonly CallField[]
  /** SQL for the id of the provider's request, beside the id of the call: other sources name the call by it. */
  readonly requestIds?: string
  /** Id of this line among repeats of one call. */
  readonly revisionId?: string
  /** True when relative or plain numbers of this time field are milliseconds by name. */
  readonly relativeTimeUnit?: 's' | 'ms'
}

/** What an importer may know of the machine to say where its logs are. */
export interface Machine {
  /** The user's home folder, absolute. */
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** As `process.platform` names it. */
  readonly platform: string
}

/** A folder in which a program of the user's own keeps its logs. */
export interface Home {
  /** Absolute; it need not be there. */
  readonly folder: string
  /** What a log is called, by its path below the folder, with `/` between names. */
  readonly files: RegExp
}

/**
 * Who wrote such a log, from the one that knows most of a call to the one that knows least: the provider in its
 * answer, an agent in its sessions, a gateway, another tool, the user's own code.
 */
export const writers = ['provider', 'agent', 'gateway', 'tool', 'own'] as const

export interface Importer {
  readonly id: string
  /** Where several sources tell of one call, the one that knows most gives it. */
  readonly writer: (typeof writers)[number]
  /** What it reads, for help and README. */
  readonly about: string
  /** Where such logs come from or how they are found, for README. */
  readonly example: string
  /** What it is recognised by, for people: keys and columns. */
  readonly recognisedBy: string
  /** What is not known of a call from it. */
  readonly lacks: string
  /** True when the sample looks like this format; importers are asked in the registry's order. */
  readonly detects: (sample: Sample) => boolean
  /** True when the sample is this format beyond doubt, so that it may be read unasked; absent: `detects` says that too. */
  readonly isCertain?: (sample: Sample) => boolean
  /** Of an agent that runs on the user's machine: where it keeps its sessions. */
  readonly homes?: (machine: Machine) => readonly Home[]
  /**
   * Of a format whose lines are not its calls, such as those of a session or of a batch of spans: SQL for its records.
   * @param lines FROM item of the lines: `file` (a number), `line` (a number that grows along each file), `text`
   * (mostly JSON; it may be none, and blank)
   * @returns SELECT of `line` and `text`: the JSON of a record, made of this line and what it needs of others of the
   * file. Each line gives one record or more: one that is nothing for the importer is `{}`, or stands for itself, so
   * that it is counted. What people wrote (prompts, answers) is left out here.
   */
  readonly records?: (lines: string) => string
  /**
   * Of a format that stands in an SQLite database: the tables that it is made of, the most telling first. Their
   * rows are its lines, each an object with its table under `$table`.
   */
  readonly tables?: readonly string[]
  /** Some records state what a session used in all: they give way to calls of the same session. */
  readonly statesTotals?: true
  /** Of a trace only the leaves are calls: a record with usage above others with usage is none, whatever it counts. */
  readonly callsAreLeaves?: true
  readonly plan: (survey: Survey) => ReadPlan
}

/** Ends the name of a count of cache writes of which a source does not say how long they last, and what they cost. */
export const unknownLifetime = ' (for 5 minutes or an hour)'
