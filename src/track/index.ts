/**
 * track: what applications load as `llmcost/track`. It writes the log that the program reads, from within the application that calls models.
 * Each provider call becomes one line: what it used, how long it took, how it ended, for whom and what for; never a
 * word of the prompt or the answer. It adds nothing to what is sent, waits for nothing and fails no call.
 */
import { randomUUID } from 'node:crypto'
import { Calls } from './calls.js'
import { labelFields, labelsHere, withCost, type CostLabels } from './context.js'
import { LogFile } from './log-file.js'
import { forget, writeAtEnd } from './process-end.js'
import type { CallRecord } from './record.js'
import { costMiddleware, type CostMiddleware } from './sdk-model.js'
import { trackedFetch, type Fetch } from './tracked-fetch.js'

export { withCost }
export type { CallRecord, CostLabels, CostMiddleware, Fetch }

export interface TrackerOptions {
  /** Folder of the log, which `llmcost ingest` and `watch` read; by default `llm-calls` in the working folder. */
  readonly folder?: string
  /** Labels of all calls, such as the environment. */
  readonly labels?: CostLabels
  /** A file is no longer than this, bytes; by default 64 MiB. */
  readonly maxFileBytes?: number
  /**
   * What waits to be written may hold so much memory, bytes; of more, new calls are dropped, and a line says how many.
   * By default 32 MiB: the requests of the last moment, or some 30,000 calls while the disk is full.
   */
  readonly maxWaitingBytes?: number
  /** The longest that a call waits to be written, ms; by default 1,000. */
  readonly flushMs?: number
  /** Is told when the log cannot be written; by default it is a warning of the process. */
  readonly onError?: (error: Error) => void
}

/** A client of OpenAI, of Anthropic, or one made like them. */
interface Client {
  withOptions?: (options: { fetch: Fetch }) => unknown
  fetch?: unknown
}

export interface Tracker {
  /**
   * A client like the given one, whose calls are written down, each attempt of them, streamed or not.
   * @throws TypeError where it is no client that sends what it sends by `fetch`
   */
  readonly track: <C extends object>(client: C) => C
  /** A `fetch` that does so, for clients that take one: `createOpenAI({ fetch: tracker.fetch() })`. */
  readonly fetch: (fetch?: Fetch) => Fetch
  /** Middleware for `wrapLanguageModel` of the AI SDK. */
  readonly middleware: () => CostMiddleware
  /** Writes down a call by hand: what is known of it. `ts`, `call_id` and `status` are filled in where they are absent. */
  readonly record: (call: Partial<CallRecord>) => void
  /** Resolves when all calls that have ended are written. */
  readonly flush: () => Promise<void>
  /** As `flush`, and closes the file. */
  readonly close: () => Promise<void>
}

const defaults = {
  folder: 'llm-calls',
  maxFileBytes: 64 * 1024 ** 2,
  maxWaitingBytes: 32 * 1024 ** 2,
  flushMs: 1000,
}

export function createTracker(options: TrackerOptions = {}): Tracker {
  const { labels = {} } = options
  const log = new LogFile({
    folder: options.folder ?? defaults.folder,
    maxBytes: options.maxFileBytes ?? defaults.maxFileBytes,
    maxWaitingBytes: options.maxWaitingBytes ?? defaults.maxWaitingBytes,
    flushMs: options.flushMs ?? defaults.flushMs,
    onError:
      options.onError ??
      ((error) => process.emitWarning(`llmcost: calls are not written down: ${error.message}`)),
  })
  const calls = new Calls((made) => log.add(made))
  writeAtEnd(log, calls)
  const fetch = (own: Fetch = globalThis.fetch): Fetch => trackedFetch(own, calls, labels)
  return {
    track: (client) => tracked(client, fetch),
    fetch,
    middleware: () => costMiddleware(calls, labels),
    record(call) {
      const around = labelFields(labelsHere(labels))
      const ts = new Date().toISOString()
      const record = { ...call }
      calls.add(() => ({
        ts,
        call_id: `tracked-${randomUUID()}`,
        status: record.error === undefined ? 'ok' : 'error',
        ...around,
        ...record,
      }))
    },
    flush: () => log.flush(),
    async close() {
      await log.close()
      forget(log)
    },
  }
}

function tracked<C extends object>(client: C, fetch: (own?: Fetch) => Fetch): C {
  const { withOptions, fetch: own } = client as Client
  if (typeof withOptions !== 'function' || typeof own !== 'function')
    throw new TypeError(
      'this is no client of OpenAI or Anthropic (it has no withOptions and fetch): give tracker.fetch() as the fetch of your client, tracker.middleware() to the AI SDK, or call tracker.record()',
    )
  return withOptions.call(client, { fetch: fetch(own as Fetch) }) as C
}
