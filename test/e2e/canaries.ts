/** Logs whose prompts and answers can be told from all else, and files in which they are looked for. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const canary = 'CANARY-of-a-prompt'

/** Every file under a folder, with its path. */
export const filesUnder = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

/** Files that hold a prompt, among those that are still there when they are read. */
export function leaks(folder: string, seen: Set<string>): string[] {
  return filesUnder(folder).filter((path) => {
    try {
      seen.add(path)
      return readFileSync(path).includes(canary)
    } catch {
      return false
    }
  })
}

export const call = (i: number, more: object = {}): string =>
  `${JSON.stringify({ id: `call-${i}`, ts: new Date(Date.UTC(2026, 8, 1) + i * 1000).toISOString(), model: 'gpt-4o', input_tokens: 10, output_tokens: 1, ...more })}\n`

/** Prompts and answers under every name that they are logged by. */
export const prompts = (text: string): object => ({
  prompt: text,
  system: text,
  system_prompt: text.slice(0, 150),
  instructions: text.slice(0, 150),
  messages: [{ role: 'user', content: text }],
  input: text,
  response: text,
  completion: text,
  response_text: text.slice(0, 150),
  developer: text.slice(0, 150),
  tags: [`prompt:${text.slice(0, 100)}`, 'env:prod'],
  metadata: { system: text, user_prompt: text, kept: 'yes' },
})
