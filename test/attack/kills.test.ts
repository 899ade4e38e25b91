/**
 * SIGKILL at any moment of any verb that writes costs nothing: the store holds the rows from before or those from
 * after, to the last value, and nothing in between; the next run ends as an undisturbed one.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, watch } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { emptyFolder, run, runWell, start } from '../e2e/program.js'
import { runWarmWell } from '../e2e/together.js'
import { scenes, stateIn, type Scene } from './scenes.js'
import { attackTimeout, dice, isFull, sized, tell, type Dice } from './size.js'

/** Kills of each scene; checks with --notify are killed beside these, in a test of their own. */
const kills = sized(1, 92)

interface Found {
  before: number
  after: number
  /** Runs that ended before they could be killed. */
  ended: number
  /** Kills within a commit or a checkpoint: what it may overwrite lay beside the store. */
  within: number
}

const all: Found = { before: 0, after: 0, ended: 0, within: 0 }
afterAll(() =>
  tell(
    `${all.before + all.after} kills over ${scenes.length} verbs: ${all.before} left the state before, ${all.after} the state after, none another; ${all.within} were within a commit or a checkpoint; none left a temporary file behind the next run`,
  ),
)

describe.each(scenes)('$verb', (scene) => {
  test(
    'killed at any moment, the store is as before or as after, and the next run makes it good',
    async () => {
      const { verb } = scene
      const world = await worldOf(scene)
      const { once, states } = world
      const found: Found = { before: 0, after: 0, ended: 0, within: 0 }
      const throws = dice(scenes.indexOf(scene) + 1)
      for (let i = 0; found.before + found.after < kills && i < 4 * kills; i++) {
        const killed = await once(throws)
        if (killed.inTime && existsSync(join(world.cwd, 'now/calls.duckdb.blocks'))) found.within += 1
        const state = await stateIn(world.cwd)
        const where = `${verb}, attempt ${i}, ${killed.moment}`
        expect([states.before, states.after], where).toContain(state)
        if (!killed.inTime) {
          expect(state, where).toBe(states.after)
          found.ended += 1
          continue
        }
        found[state === states.before ? 'before' : 'after'] += 1
        if (i % sized(2, 3) !== 0) continue
        // Now and then it is asked before it is mended.
        if (i % 5 === 0 && (isFull || scenes.indexOf(scene) % 3 === 0))
          await run(['status', '--db', 'now/calls.duckdb'], world)
        const isDone = scene.once === true && state === states.after
        if (isDone) expect((await run(scene.args, world)).code, where).toBe(1)
        else await runWell(scene.args, world)
        const again = await stateIn(world.cwd)
        expect(world.leftovers(), `${where}, and run again`).toEqual([])
        const expected = state === states.after ? await states.twice() : states.after
        expect(again, `${where}, and run again`).toBe(expected)
      }
      expect(found.before + found.after, verb).toBe(kills)
      if (isFull)
        tell(`${verb}: ${found.before} before, ${found.after} after, ${found.within} within a commit`)
      for (const key of ['before', 'after', 'ended', 'within'] as const) all[key] += found[key]
    },
    attackTimeout,
  )
})

interface Killed {
  readonly moment: string
  /** False when it had ended by itself. */
  readonly inTime: boolean
}

interface World {
  readonly cwd: string
  readonly env: Record<string, string>
  readonly states: {
    readonly before: string
    readonly after: string
    /** After two runs: one that reads anew is booked each time. */
    readonly twice: () => Promise<string>
  }
  /** Copies what stands before, starts the run, and kills it. */
  readonly once: (throws: Dice) => Promise<Killed>
  /** Temporary files, and parts of exports, that nobody removed. */
  readonly leftovers: () => readonly string[]
}

async function worldOf(scene: Scene): Promise<World> {
  const cwd = emptyFolder()
  const tmp = join(cwd, 'tmp')
  for (const folder of ['before', 'tmp']) mkdirSync(join(cwd, folder))
  const world = { cwd, env: { ...scene.env, TMPDIR: tmp } }
  await scene.prepare(cwd)
  const reset = (): void => {
    rmSync(join(cwd, 'now'), { recursive: true, force: true })
    cpSync(join(cwd, 'before'), join(cwd, 'now'), { recursive: true })
  }
  reset()
  const before = await stateIn(cwd)
  // In full twice: what follows from the logs alone is the same each time, and the second is not slowed by cold files.
  const afters: string[] = []
  let lasts = Infinity
  for (let i = 0; i < sized(1, 2); i++) {
    reset()
    const began = performance.now()
    await runWell(scene.args, world)
    lasts = Math.min(lasts, performance.now() - began)
    afters.push(await stateIn(cwd))
  }
  const after = afters[0]!
  expect(new Set(afters), scene.verb).toEqual(new Set([after]))
  expect(after, scene.verb).not.toBe(before)
  let asked: string | undefined
  const twice = async (): Promise<string> => {
    if (asked !== undefined) return asked
    reset()
    // Undisturbed, and with temporary files elsewhere: none of its process is left over.
    const undisturbed = { cwd, env: scene.env ?? {} }
    for (let i = 0; i < (scene.once === true ? 1 : 2); i++) await runWarmWell(scene.args, undisturbed)
    return (asked = await stateIn(cwd))
  }
  return {
    ...world,
    states: { before, after, twice },
    once: async (throws) => {
      reset()
      const began = performance.now()
      const child = start(scene.args, world)
      child.stdin!.end()
      child.stdout!.resume()
      child.stderr!.resume()
      let ended = false
      let ran = Infinity
      const end = new Promise<NodeJS.Signals | null>((resolve) =>
        child.on('close', (_code, signal) => {
          ended = true
          ran = performance.now() - began
          resolve(signal)
        }),
      )
      const moment = throws.chance(0.5)
        ? await byTime(lasts, throws, () => ended)
        : await byWriting(join(cwd, 'now'), throws, end)
      child.kill('SIGKILL')
      const inTime = (await end) === 'SIGKILL'
      // It was ready before: a less busy machine is faster.
      if (!inTime) lasts = Math.min(lasts * 0.97, ran)
      return { moment, inTime }
    },
    leftovers: () => [
      ...readdirSync(tmp),
      ...readdirSync(join(cwd, 'now')).filter((name) => name.includes('.blocks')),
      ...(existsSync(join(cwd, 'now/out')) ? readdirSync(join(cwd, 'now/out')) : []).filter((name) =>
        name.includes('.partial'),
      ),
      ...(existsSync(join(cwd, 'now/kept')) ? readdirSync(join(cwd, 'now/kept')) : []).filter((name) =>
        name.endsWith('.part'),
      ),
    ],
  }
}

/** Anywhere in a run, most often in its last part, where the merge is. */
async function byTime(lasts: number, throws: Dice, hasEnded: () => boolean): Promise<string> {
  const share = throws.below(1000) / 1000
  const ms = Math.round(lasts * (throws.chance(0.5) ? share : 0.6 + share * 0.4))
  for (const until = performance.now() + ms; performance.now() < until && !hasEnded();) await sleep(2)
  return `after ${ms} ms`
}

/** Shortly after something was written for the n-th time: in the middle of a commit or a checkpoint. */
async function byWriting(folder: string, throws: Dice, end: Promise<unknown>): Promise<string> {
  const nth = 1 + throws.below(6)
  const ms = throws.below(12)
  const watcher = watch(folder, { recursive: true })
  let seen = 0
  const written = new Promise<void>((resolve) => {
    watcher.on('change', () => {
      seen += 1
      if (seen === nth) resolve()
    })
  })
  await Promise.race([written, end])
  watcher.close()
  await sleep(ms)
  return `${ms} ms after write ${nth}`
}
