/**
 * Which importer takes which log, over all fixtures: the importer of its folder and no other, and where others would
 * have taken it too, who goes before whom. `__files__/detection.txt` is that matrix.
 */
import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { billSources } from '../../../src/billing/registry.js'
import { importers } from '../../../src/importers/registry.js'
import { discover } from '../../../src/ingest/files/discover.js'
import { look } from '../../../src/ingest/files/prepare.js'

const root = join(import.meta.dirname, '../../../fixtures')
const ids = importers.map(({ id }) => id)
/** Logs of several importers each, or of a product of one's own: their tests say what they are. */
const mixed = new Set(['sameness', 'bodies', 'readme', 'demo', 'anomaly-dev', 'price-lists'])

/** Read providers' answers wherever they stand, and records of one's own: they are asked last. */
const general = new Set(['anthropic', 'gemini', 'bedrock-converse', 'cohere', 'ollama', 'openai', 'llmcost'])
/** A span in Copilot's file has the keys of an observation, too. */
const known = new Set(['copilot: langfuse'])

interface Told {
  readonly path: string
  readonly importer: string
  /** All that would take it, in the order in which they are asked. */
  readonly claims: readonly string[]
  /** Those of them that know it beyond doubt. */
  readonly certain: readonly string[]
}

async function lookAt(folder: string): Promise<Told[]> {
  const told: Told[] = []
  for (const file of await discover([join(root, folder)], root)) {
    // The tables of a database tell its writer by their names; each importer's own test reads them.
    if (/\.(?:db|sqlite3?)$/.test(file.path)) continue
    const path = relative(root, file.path)
    const reading = await look(file, { map: {}, set: {} }).catch((error: unknown) => error as Error)
    if (reading === undefined) continue
    if (reading instanceof Error) {
      told.push({ path, importer: 'refused', claims: [], certain: [] })
      continue
    }
    const { importer, sample } = reading.recognised
    // Sources of bills are asked first: no log may look like a bill to them.
    const claims = [...billSources, ...importers].filter((one) => one.detects(sample))
    const certain = claims.filter((one) =>
      'isCertain' in one ? one.isCertain?.(sample) : 'writer' in one && one.detects(sample),
    )
    told.push({
      path,
      importer: importer.id,
      claims: claims.map(({ id }) => id),
      certain: certain.map(({ id }) => id),
    })
  }
  return told
}

const folders = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !mixed.has(entry.name))
  .map(({ name }) => name)
  .toSorted()

test('each log is taken by its own importer, and who else would have taken it stands behind', async () => {
  const rows: string[] = []
  for (const folder of folders) {
    const counts = new Map<string, number>()
    for (const { path, importer, claims, certain } of await lookAt(folder)) {
      // The first who is asked and says yes takes it: of several, the order of the registry is the confidence.
      if (importer !== 'refused') expect([path, claims[0] ?? 'llmcost']).toEqual([path, importer])
      const rivals = claims.filter(
        (id) => id !== importer && !general.has(id) && !known.has(`${importer}: ${id}`),
      )
      expect([path, rivals]).toEqual([path, []])
      const others = claims.filter((id) => id !== importer)
      const sure = certain.filter((id) => id !== importer)
      const row = `${folder.padEnd(18)}${importer.padEnd(18)}${others.join(', ') || '–'}${sure.length > 0 ? `; beyond doubt: ${sure.join(', ')}` : ''}`
      counts.set(row, (counts.get(row) ?? 0) + 1)
    }
    rows.push(...[...counts].map(([row, n]) => `${String(n).padStart(4)}  ${row}`).toSorted())
  }
  const head = `files  fixtures          read by           would be taken by, too`
  await expect([head, ...rows, ''].join('\n')).toMatchFileSnapshot('__files__/detection.txt')
  const taken = new Set(rows.map((row) => row.slice(24, 42).trim()))
  // Its answers stand among the bodies.
  expect(ids.filter((id) => !taken.has(id))).toEqual(['cohere'])
})
