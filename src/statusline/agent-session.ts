/**
 * What a coding agent tells the command of its status line on stdin: one JSON object, whose names Claude Code gave and
 * Cursor, Qwen Code and Copilot took over. Each field may be missing, and nothing in it is taken at its word.
 */
import { plain, readDecimal } from '../domain/costs/decimal.js'

export interface AgentSession {
  readonly id: string | undefined
  /** USD that the agent counts for the session (`cost.total_cost_usd`), an exact decimal. */
  readonly costUsd: string | undefined
  /** Columns that it has for the line. */
  readonly columns: number | undefined
}

/** Beyond that a number is no cost of a session. */
const most = 1_000_000
const longestId = 500

/** What is told; nothing for any other text. */
export function agentSession(text: string): AgentSession {
  const told = parsed(text)
  const id = told['session_id']
  const columns = told['render_width_chars']
  return {
    id: typeof id === 'string' && id !== '' && id.length <= longestId ? id : undefined,
    costUsd: costOf(objectOf(told['cost'])['total_cost_usd']),
    columns: Number.isInteger(columns) && (columns as number) > 0 ? (columns as number) : undefined,
  }
}

function parsed(text: string): Record<string, unknown> {
  try {
    return objectOf(JSON.parse(text))
  } catch {
    return {}
  }
}

const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}

/** A double is printed by the agent as it is printed here: by the fewest digits that tell it from others. */
function costOf(value: unknown): string | undefined {
  if (typeof value !== 'number' || !(value >= 0 && value < most)) return undefined
  const decimal = readDecimal(value)
  return decimal && plain(decimal)
}
