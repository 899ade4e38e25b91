import { breakdownCommand } from './breakdown.js'
import { callsCommand } from './calls.js'
import type { CommandSpec } from './command.js'
import { explainCommand } from './explain.js'
import { forget } from './forget.js'
import { ingestCommand } from './ingest.js'
import { pricesCommand } from './prices.js'
import { rejects } from './rejects.js'
import { reportCommand } from './report.js'
import { repriceCommand } from './reprice.js'
import { sqlCommand } from './sql.js'
import { status } from './status.js'

/** All commands, in the order in which help lists them. */
export const commands: readonly CommandSpec[] = [
  ingestCommand,
  reportCommand,
  breakdownCommand,
  callsCommand,
  sqlCommand,
  explainCommand,
  pricesCommand,
  repriceCommand,
  status,
  rejects,
  forget,
]
