/**
 * `npm run demo`: reads the demo log into a database of its own and prints the weekly report of its newest
 * week. The user's database and config are left out of it.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = '.demo'
const db = join(folder, 'demo.duckdb')
const config = join(folder, 'llmcost.config.json')

rmSync(folder, { recursive: true, force: true })
mkdirSync(folder)
writeFileSync(config, '{}\n')

for (const args of [
  ['ingest', 'fixtures/demo', '--db', db],
  ['report', '--as-of', 'latest', '--db', db],
]) {
  process.stdout.write(`\n$ llmcost ${args.join(' ')}\n\n`)
  const env = { ...process.env, LLMCOST_CONFIG: config, LLMCOST_DB: '' }
  const { status } = spawnSync(process.execPath, ['bin/llmcost.js', ...args], { stdio: 'inherit', env })
  if (status !== 0) process.exit(status ?? 1)
}

process.stdout.write(`
The runaway user:   node bin/llmcost.js breakdown --by user,feature --top 5 --as-of latest --since 7d --db ${db}
Any SQL:            node bin/llmcost.js sql "FROM daily_costs LIMIT 5" --db ${db}
Your own logs:      node bin/llmcost.js ingest mylogs/*.jsonl && node bin/llmcost.js report
`)
