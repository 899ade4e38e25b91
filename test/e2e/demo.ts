/** The demo log and a store that holds it, for what is asked of it: it is read once in all, and copied. */
import { cpSync, existsSync, readdirSync, renameSync } from 'node:fs'
import { devNull } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inject } from 'vitest'
import { runWarmWell } from './together.js'

const demo = fileURLToPath(new URL('../../fixtures/demo', import.meta.url))

/** Lays `logs` and `demo.duckdb` into a folder. The store names its logs by where they were read. */
export async function demoIn(cwd: string): Promise<void> {
  const logs = join(cwd, 'logs')
  const store = join(cwd, 'demo.duckdb')
  cpSync(demo, logs, { recursive: true })
  const made = join(dirname(inject('tarball')), 'demo.duckdb')
  if (existsSync(made)) return cpSync(made, store)
  const env = { LLMCOST_DB: 'demo.duckdb', LLMCOST_CONFIG: devNull }
  await runWarmWell(['ingest', ...readdirSync(logs).map((name) => `logs/${name}`)], { cwd, env })
  // Two may make it at once: what stands under the name is whole.
  const own = `${made}.${process.pid}`
  cpSync(store, own)
  renameSync(own, made)
}
