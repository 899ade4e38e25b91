/**
 * The process that runs a person's own statements over the store, and can do nothing else: before the first of
 * them it has used up its file descriptors, of which its parent left it few. From then on no code in it, the
 * engine's and that of a defect included, opens a file, a folder or a socket, to read or to write. What is open
 * already is the store, to be read alone, and the line to the parent.
 */
import { CallsElsewhere, UserError } from '../errors.js'
import type { Database } from './database.js'
import { makeViews, proven } from './asker.js'
import { mostCells, mostText, type Answer, type Column, type Order, type Start } from './apart-messages.js'
import { takeAllDescriptors } from './descriptors.js'
import { openStoreForReading } from './store.js'

const tell = (answer: Answer): Promise<void> =>
  new Promise((resolve) => process.send!(answer, undefined, undefined, () => resolve()))

// What runs when the parent is gone runs for nobody.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))

process.once('message', (start: Start) => void begin(start))

async function begin(start: Start): Promise<void> {
  try {
    const db = await open(start)
    process.on('message', (order: Order) => void obey(db, order))
    await tell({ kind: 'ready' })
  } catch (error) {
    await tell(failure(error))
  }
}

async function open({ path, options, unlimited }: Start): Promise<Database> {
  const onWait = (pid: string): void => void tell({ kind: 'waiting', pid })
  const onMended = (): void => void tell({ kind: 'mended' })
  const db = await openStoreForReading(path, { ...options, onWait, onMended, spills: false })
  await makeViews(db)
  await db.hold()
  // All that is loaded when it is first needed is loaded now.
  await obeyed(
    db,
    { sql: 'SELECT count(*) AS n FROM range(3) WHERE $one = 1', params: { one: '1' } },
    async () => undefined,
  )
  if (!unlimited) takeAllDescriptors()
  return db
}

async function obey(db: Database, order: Order): Promise<void> {
  try {
    await obeyed(db, order, tell)
    await tell({ kind: 'done' })
  } catch (error) {
    await tell(failure(error))
  }
}

async function obeyed(
  db: Database,
  { sql, params }: Order,
  give: (answer: Answer) => Promise<void>,
): Promise<void> {
  const text = await proven(db, sql)
  if (params === undefined) return
  let cells = 0
  let length = 0
  const told = (columns: readonly Column[]): Promise<void> => give({ kind: 'columns', columns })
  for await (const rows of db.stream(text, params, told)) {
    for (const row of rows) {
      for (const value of Object.values(row)) {
        cells++
        if (typeof value === 'string') length += value.length
      }
    }
    if (cells > mostCells || length > mostText) throw tooLarge()
    await give({ kind: 'rows', rows })
  }
}

const tooLarge = (): UserError =>
  new UserError('the answer is larger than what can be shown', {
    code: 'usage',
    hint: 'Let it sum up, or end it with a LIMIT; llmcost export calls writes whole calls.',
  })

function failure(error: unknown): Answer {
  if (error instanceof UserError) {
    const { message, code, hint, location } = error
    const archivedDay = error instanceof CallsElsewhere && error.owner === 'archive' ? error.day : undefined
    return { kind: 'refused', message, code, hint, location, archivedDay }
  }
  return { kind: 'failed', message: error instanceof Error ? error.message : String(error) }
}
