/** What a real terminal shows while logs are read, and what is left of it afterwards. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { emptyFolder, pinnedEnv, programPath } from '../e2e/program.js'

const lines = 120_000
const hour = 3_600_000

/** A session large enough to take a while. */
function writeSession(home: string): void {
  const folder = join(home, '.claude', 'projects', '-p')
  mkdirSync(folder, { recursive: true })
  const begun = Date.now() - hour
  const session = Array.from({ length: lines }, (_, n) =>
    JSON.stringify({
      type: 'assistant',
      sessionId: `s${n % 40}`,
      requestId: `r${n}`,
      uuid: `u${n}`,
      timestamp: new Date(begun + n).toISOString(),
      cwd: '/home/x/p',
      gitBranch: 'x'.repeat(200),
      message: {
        id: `msg_${n}`,
        model: 'claude-opus-4-6',
        stop_reason: 'end_turn',
        usage: { input_tokens: 10, output_tokens: 20 },
      },
    }),
  )
  writeFileSync(join(folder, 'a.jsonl'), `${session.join('\n')}\n`)
}

/** Runs a command line on a terminal of so many columns; what it wrote there. */
function onTerminal(cwd: string, command: string, columns: number): string {
  const screen = join(cwd, 'screen.txt')
  const { COLUMNS: _, ...env } = pinnedEnv(cwd)
  execFileSync('script', ['-qefc', `stty cols ${columns} rows 24; ${command}`, screen], {
    cwd,
    env: { ...env, TERM: 'xterm', HOME: cwd },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return readFileSync(screen, 'utf8')
    .replace(/^Script started[^\n]*\n/, '')
    .replace(/\n+Script done[^\n]*\n$/, '')
}

/** What was drawn, one after the other, each over the one before. */
const drawn = (shown: string): readonly string[] => shown.split('\r\x1b[2K')

test.each([80, 40])('a bar at %i columns that only grows, and leaves no trace', (columns) => {
  const cwd = emptyFolder()
  writeSession(cwd)
  const program = `'${process.execPath}' '${programPath()}'`
  const [before, ...bars] = drawn(onTerminal(cwd, `${program} > answer.txt`, columns))
  expect(before).toBe('')
  expect(bars.pop()).toBe('')
  expect(bars.length).toBeGreaterThan(2)
  for (const bar of bars) expect(bar.length).toBeLessThan(columns)
  const shares = bars.flatMap((bar) => / (\d+) %/.exec(bar)?.[1] ?? []).map(Number)
  expect(shares).toEqual(shares.toSorted((a, b) => a - b))
  expect(bars.at(-1)).toBe(`${lines.toLocaleString('en')} lines read, merging …`)
  expect(readFileSync(join(cwd, 'answer.txt'), 'utf8')).toMatch(/^Read ~\/\.claude\/projects \(1 file, /)
})

test('the answer stands alone on the terminal once it is there', () => {
  const cwd = emptyFolder()
  writeSession(cwd)
  const [, ...bars] = drawn(onTerminal(cwd, `'${process.execPath}' '${programPath()}'`, 80))
  const answer = bars.pop()!
  expect(bars.length).toBeGreaterThan(2)
  expect(answer).toMatch(/^(?:\x1b\[1m)?Read ~\/\.claude\/projects/)
  expect(answer).toContain('Next')
})

test('nothing is drawn where it is not wanted', () => {
  const cwd = emptyFolder()
  writeSession(cwd)
  expect(onTerminal(cwd, `'${process.execPath}' '${programPath()}' --quiet > answer.txt`, 80)).toBe('')
})
