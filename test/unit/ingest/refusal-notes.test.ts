/** What several refused files say to do is said once. */
import { expect, test } from 'vitest'
import { noCounts } from '../../../src/domain/record-counts.js'
import { ingestReport, type FileCounts } from '../../../src/reports/store/ingest.js'

const refused = (label: string, note: string): FileCounts => ({
  ...noCounts,
  label,
  importer: null,
  state: 'refused',
  note,
  reasons: [],
})

test('a hint that refusals share stands after the last of them', () => {
  const files = [
    refused('logs/a.jsonl', 'a session of one agent\nOnly sessions of another are read.'),
    refused('logs/b.jsonl', 'no importer knows these fields: x\nGive it a --map.'),
    refused('logs/c.jsonl', 'a session of a third agent\nOnly sessions of another are read.'),
    refused('logs/d.jsonl', 'a session of a third agent\nOnly sessions of another are read.'),
  ]
  const brought = { calls: 0, first_ts: null, last_ts: null, cost_usd: null, unpriced_calls: 0 }
  const facts = {
    files,
    totals: noCounts,
    brought,
    unpricedModels: [],
    bills: [],
    loggedCosts: [],
    priceData: 'none',
    dryRun: false,
  }
  const asked = { dbPath: 'x', typed: (command: string) => command, now: new Date(0), verbose: false }
  const [section] = ingestReport(facts, asked, []).sections
  expect(section?.shownNotes).toEqual([
    'logs/a.jsonl was refused: a session of one agent',
    'logs/b.jsonl was refused: no importer knows these fields: x',
    'Give it a --map.',
    'logs/c.jsonl (and 1 more) was refused: a session of a third agent',
    'Only sessions of another are read.',
  ])
})
