/**
 * Sameness against the attached store, in its order: copies within a source, names of calls that share an
 * id, the same calls of several sources. It only looks; `mergeCalls` and `writeAcross` write.
 */
import type { Database } from '../../db/database.js'
import { counted, plural } from '../../domain/words/plurals.js'
import { count } from '../../domain/words/wording.js'
import { matchAcrossSources } from './across-sources.js'
import { dedupeAgainstStore, dedupeStaged } from './dedupe.js'
import { preferCalls } from './session-totals.js'
import { callsAround, noSummedCalls, replaceSummed } from './parents.js'
import { nameSharedIds, noteLostIds } from './shared-ids.js'
import { storedCalls } from './stored-calls.js'
import { noteStagedFacts } from '../staged-facts.js'
import { stagedColumns } from '../typing/verdicts.js'

/**
 * @param leavingFiles files whose stored calls are about to be taken out and do not count
 * @param keep the staged calls are to stay beside those of other sources
 * @param totals sources of the run that state what a session used in all
 * @param leaves those of whose traces the leaves alone are calls
 * @returns sentences on what a person may want to know of it
 */
export async function compareWithStore(
  db: Database,
  leavingFiles: readonly number[],
  keep: boolean,
  totals: readonly string[] = [],
  leaves: readonly string[] = [],
): Promise<readonly string[]> {
  const stored = await storedCalls(db, leavingFiles)
  await noteLostIds(db, leavingFiles)
  await dedupeAgainstStore(db, stored)
  const summed = await replaceSummed(db, stored)
  await preferCalls(db, stored, totals)
  const shared = await nameSharedIds(db, stored)
  const across = await matchAcrossSources(db, stored, keep)
  const { n: elsewhere } = await db.one<{ n: number }>('SELECT count(*) AS n FROM elsewhere')
  const out: string[] = []
  if (shared.calls > 0)
    out.push(
      `${count(shared.calls)} ${shared.calls === 1 ? 'call shares its id' : `calls share ${counted(shared.ids, 'id')}`} with calls that differ: each was kept, under the id, ~ and a hash; if such an id is that of one call, --map call_id=<field> says so`,
    )
  if (elsewhere > 0)
    out.push(
      `${counted(elsewhere, 'call is', 'calls are')} in logs of another source too and ${plural(elsewhere, 'counts', 'count')} once, as ${plural(elsewhere, 'a duplicate', 'duplicates')} of it; --keep-across-sources counts both`,
    )
  if (across.disagreeing > 0)
    out.push(
      `${counted(across.disagreeing, 'id of a call is', 'ids of calls are')} in logs of several sources with other tokens or models; all were kept, so they may count twice: ${across.example}`,
    )
  if (summed > 0)
    out.push(
      `${counted(summed, 'call of an earlier run sums', 'calls of earlier runs sum')} up calls below ${plural(summed, 'it, as its trace shows here: it is', 'them, as their traces show here: they are')} no ${plural(summed, 'call', 'calls')} any more`,
    )
  const around = await callsAround(db, stored, leaves)
  if (around > 0)
    out.push(
      `${counted(around, 'call lasts', 'calls last')} around or within calls of ${plural(around, 'its trace', 'their traces')} that another run brought: if one sums up the other, both count; take them out by llmcost forget, and ingest the logs of a trace in one run`,
    )
  return out
}

/** Makes what a run stages, without a record: for when calls leave the store and none come. */
export async function stageNothing(db: Database): Promise<void> {
  const columns = Object.entries(stagedColumns).map(([name, type]) => `${name} ${type}`)
  await db.run(`CREATE TEMP TABLE staged (${columns.join(', ')})`)
  await db.run(`CREATE TEMP VIEW located AS SELECT rowid AS row, *, CAST(0 AS BIGINT) AS file_no, CAST(0 AS BIGINT) AS line,
    CAST(0 AS BIGINT) AS known_lines FROM staged`)
  await noteStagedFacts(db)
  await db.run('CREATE TEMP TABLE resolved (given_provider VARCHAR, model VARCHAR, provider VARCHAR)')
  await db.run('CREATE TEMP TABLE new_rates AS SELECT * FROM store.rates WHERE false')
  await db.run('CREATE TEMP TABLE file_ids (file_no BIGINT, file_id BIGINT)')
  await db.run('CREATE TEMP TABLE cost_readings (row BIGINT, reading VARCHAR)')
  await db.run(noSummedCalls)
  await dedupeStaged(db)
}
