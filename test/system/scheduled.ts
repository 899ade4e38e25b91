/**
 * What the pages schedule: their crontab blocks and systemd units, with the folders of a test in place of those
 * that they name and nothing else changed; and how cron and systemd run them.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Ran } from '../e2e/program.js'

const pages = ['checks', 'listen', 'mail', 'prometheus']
  .map((name) => readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), 'utf8'))
  .join('\n')

const blocks = (language: string): string[] =>
  [...pages.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, text]) => text!)

/** Folders of the pages, each with the one that stands for it. */
export type Places = Readonly<Record<string, string>>

function placed(text: string, places: Places): string {
  return Object.entries(places).reduce((told, [there, here]) => told.replaceAll(there, here), text)
}

/** All crontab lines of the pages as one crontab. */
export const crontab = (places: Places = {}): string => placed(blocks('crontab').join('\n'), places)

export interface Job {
  readonly schedule: string
  /** As /bin/sh gets it. */
  readonly command: string
  /** What the crontab sets above it. */
  readonly env: Readonly<Record<string, string>>
}

/** A crontab, read as cron does. */
export function jobsOf(text: string): Job[] {
  const env: Record<string, string> = {}
  const jobs: Job[] = []
  for (const line of text.split('\n').filter((each) => each.trim() !== '')) {
    const setting = /^(\w+)=(.*)$/.exec(line)
    const entry = /^((?:\S+\s+){5})(.+)$/.exec(line)
    if (setting) env[setting[1]!] = setting[2]!
    else if (entry === null || entry[2]!.includes('%')) throw new Error(`no line for cron: ${line}`)
    else jobs.push({ schedule: entry[1]!.trim(), command: entry[2]!, env: { ...env } })
  }
  return jobs
}

/** Units by file name, from the ini blocks that begin with their path. */
export function units(places: Places = {}): Map<string, string> {
  return new Map(
    blocks('ini').map((text) => {
      const name = /^# \/etc\/systemd\/system\/(.+)$/m.exec(text)?.[1]
      if (name === undefined) throw new Error(`a unit without its path: ${text}`)
      return [name, placed(text, places)]
    }),
  )
}

/** The values of a key of a unit, in order. */
export const settings = (unit: string, key: string): string[] =>
  [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value]) => value!)

/** `NAME=value` texts, as an environment file and Environment= have them. */
export const assignments = (lines: readonly string[]): Record<string, string> =>
  Object.fromEntries(lines.filter(Boolean).map((line) => /^(\w+)=(.*)$/.exec(line)!.slice(1, 3)))

/** Without a terminal, without input, with this environment and no more. */
export function runAlone(
  command: readonly [string, ...string[]],
  { cwd, env }: { cwd: string; env: Readonly<Record<string, string>> },
): Promise<Ran> {
  const [file, ...args] = command
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ stdout, stderr, code, signal }))
  })
}
