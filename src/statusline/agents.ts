/** The coding agents that show a line of a command's, and where their settings name it, by their own documentation. */
import { join } from 'node:path'

export interface LineAgent {
  /** As its importer is called. */
  readonly id: string
  readonly name: string
  /** Folder of this user's settings. */
  readonly folder: (home: string, env: Readonly<Record<string, string | undefined>>) => string
  /** JSON, in that folder. */
  readonly file: string
  /** Keys, one within the other, down to the line's own. */
  readonly keys: readonly string[]
  /** What else there is to do. */
  readonly note?: string
}

export const lineAgents: readonly LineAgent[] = [
  {
    id: 'claude-code',
    name: 'Claude Code',
    folder: (home, env) => env['CLAUDE_CONFIG_DIR'] || join(home, '.claude'),
    file: 'settings.json',
    keys: ['statusLine'],
  },
  {
    id: 'cursor',
    name: 'Cursor CLI',
    folder: (home) => join(home, '.cursor'),
    file: 'cli-config.json',
    keys: ['statusLine'],
  },
  {
    id: 'copilot',
    name: 'Copilot CLI',
    folder: (home, env) => env['COPILOT_HOME'] || join(home, '.copilot'),
    file: 'settings.json',
    keys: ['statusLine'],
    note: 'its /statusline must have custom switched on',
  },
  {
    id: 'qwen-code',
    name: 'Qwen Code',
    folder: (home) => join(home, '.qwen'),
    file: 'settings.json',
    keys: ['ui', 'statusLine'],
  },
]

/** What stands at the last of the keys. */
export const lineSetting = (command: string): Readonly<Record<string, string>> => ({
  type: 'command',
  command,
})
