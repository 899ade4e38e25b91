/** Runs programs in Python that ask a provider on loopback and log it, and reads what they logged. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect } from 'vitest'
import { runWell } from '../e2e/program.js'
import { units } from '../property/exact-json.js'
import type { CountedCall, FakeProvider } from './fake-provider.js'

/** Packages that the clients of OpenAI and Anthropic need, with them. */
export const clients = [
  'annotated-types==0.8.0',
  'anthropic==2.14.0',
  'anyio==4.16.0',
  'certifi==2026.10.19.post1',
  'distro==1.9.0',
  'docstring-parser==0.18.0',
  'h11==0.16.0',
  'httpcore==1.0.9',
  'httpcore2==2.16.2',
  'httpx==0.28.1',
  'httpx2==2.16.2',
  'idna==3.20',
  'jiter==0.19.0',
  'openai==3.57.0',
  'pydantic==2.14.4',
  'pydantic-core==2.50.5',
  'sniffio==1.3.1',
  'truststore==0.10.5',
  'typing-extensions==4.16.0',
  'typing-inspection==0.4.5',
]

/** Runs a program of the folder `python` to its end, with its arguments. */
export async function runPython(
  python: string,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const path = join(import.meta.dirname, 'python', program)
  const child = spawn(python, [path, ...args], {
    // Of the user's own settings none: some would send what is logged elsewhere.
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  expect(await new Promise((resolve) => child.on('exit', resolve))).toBe(0)
}

/** A call's tokens and cost, those that nobody told as null. */
export interface Told {
  readonly input: number | null
  readonly cached: number | null
  readonly written: number | null
  readonly output: number | null
  readonly reasoning: number | null
  /** In millionths of a millionth of a dollar. */
  readonly cost: string | null
}

/** Dollars a million tokens, as the providers publish them: input, read from the cache, written to it, output. */
const published: Readonly<Record<string, readonly [number, number, number, number]>> = {
  'gpt-4o-mini': [0.15, 0.075, 0, 0.6],
  'text-embedding-3-small': [0.02, 0, 0, 0],
  'claude-haiku-4-5-20251001': [1, 0.1, 1.25, 5],
}

/** What a call costs by what its provider counted. */
export function costOf(call: Pick<CountedCall, 'model' | 'input' | 'cached' | 'written' | 'output'>): string {
  const [input, read, write, output] = published[call.model]!.map((price) => Math.round(price * 1e6)) as [number, number, number, number] // prettier-ignore
  const fresh = call.input - call.cached - call.written
  return String(fresh * input + call.cached * read + call.written * write + call.output * output)
}

export interface LoggedCall extends Told {
  /** The cost that the log itself tells, and whether there is usage that was not read. */
  readonly reported: string | null
  readonly partly: boolean
  readonly status: string
  readonly operation: string
  readonly model: string | null
  readonly feature: string | null
  readonly user: string | null
  readonly session: string | null
}

/** Reads logs into a store of their own. */
export async function callsIn(cwd: string, logs: readonly string[]): Promise<readonly LoggedCall[]> {
  const db = join(cwd, 'costs.duckdb')
  await runWell(['ingest', ...logs, '--db', db], { cwd })
  const sql = `SELECT status, operation, model, feature, user_id AS user, session_id AS session, input_tokens AS input,
      cache_read_input_tokens AS cached, cache_creation_input_tokens AS written, output_tokens AS output,
      reasoning_output_tokens AS reasoning, CAST(cost_usd AS VARCHAR) AS cost, CAST(reported_cost_usd AS VARCHAR) AS reported, partly_priced AS partly FROM calls ORDER BY ts, call_id`
  const { rows } = JSON.parse(await runWell(['sql', sql, '--json', '--db', db], { cwd })) as { rows: readonly LoggedCall[] } // prettier-ignore
  const exact = (dollars: string | null): string | null => (dollars === null ? null : String(units(dollars)))
  return rows.map((row) => ({ ...row, cost: exact(row.cost), reported: exact(row.reported) }))
}

/** Calls that have tokens, as texts in an order of their own, to be compared. */
export const counts = (calls: readonly Told[]): readonly string[] =>
  calls
    .filter((call) => call.input !== null)
    .map(({ input, cached, written, output, reasoning, cost }) =>
      [input, cached, written, output, reasoning, cost].map((count) => count ?? 0).join(' '),
    )
    .toSorted()

/** The calls that a provider answered and told the usage of. */
export const answered = (provider: FakeProvider): readonly CountedCall[] =>
  provider.calls.filter((call) => call.told)

/** The calls that a provider answered without telling their usage. */
export const silent = (provider: FakeProvider): readonly CountedCall[] =>
  provider.calls.filter((call) => !call.told && !call.failed)
