/** What a person waits for before anything is computed. */
import { bare, llmcost, node } from './child.js'
import { compare, type Comparison, type Pair } from './compare.js'
import { store } from './logs.js'

export async function compareStart(pairs: number): Promise<Comparison[]> {
  const database = await store(1000)
  const target = '≤ 1.3'
  const open = () => bare('floor-queries', [database])
  const cases: Pair[] = [
    {
      what: '--help, against node -e 0',
      target: '≤ 120 ms',
      program: () => llmcost(['--help']),
      floor: () => node(['-e', '0']),
    },
    {
      what: 'statusline, 1,000 calls, against node -e 0: CPU',
      target: '≤ 100 ms CPU',
      program: () => llmcost(['statusline', '--db', database], 'resource-hook'),
      floor: () => node(['-e', '0'], 'resource-hook'),
      of: 'cpuSeconds',
    },
    {
      what: 'breakdown, 1,000 calls, against opening the database',
      target,
      program: () => llmcost(['breakdown', '--db', database]),
      floor: open,
    },
    {
      what: 'report, 1,000 calls, against opening the database',
      target,
      program: () => llmcost(['report', '--as-of', 'latest', '--db', database]),
      floor: open,
    },
  ]
  const rows: Comparison[] = []
  for (const one of cases) rows.push(await compare(one, pairs))
  return rows
}
