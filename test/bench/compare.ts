/** Two programs that take turns, so that whatever else the machine does falls on both. */
import type { Run } from './child.js'

export interface Comparison {
  readonly what: string
  readonly program: Run
  readonly floor: Run
  /** Median of the ratios of the pairs. */
  readonly ratio: number
  readonly target: string
}

type Runner = () => Promise<Run>

export interface Pair {
  readonly what: string
  readonly target: string
  readonly program: Runner
  readonly floor: Runner
  /** What the ratio is of; default the time on the clock. */
  readonly of?: 'seconds' | 'cpuSeconds'
}

/** Runs both `pairs` times, in turns. */
export async function compare(pair: Pair, pairs: number): Promise<Comparison> {
  const { what, target, of = 'seconds' } = pair
  process.stderr.write(`${what} …\n`)
  const program: Run[] = []
  const floor: Run[] = []
  for (let i = 0; i < pairs; i++) {
    floor.push(await pair.floor())
    program.push(await pair.program())
  }
  const ratio = median(program.map((run, i) => run[of] / floor[i]![of]))
  const compared = { what, target, program: medianRun(program), floor: medianRun(floor), ratio }
  process.stderr.write(`  ${inWords(compared, of)}\n`)
  return compared
}

/** So that a run that is broken off has told something. */
function inWords({ program, floor, ratio }: Comparison, of: 'seconds' | 'cpuSeconds'): string {
  return `${program[of].toFixed(3)} s / ${floor[of].toFixed(3)} s = ${ratio.toFixed(2)}`
}

function medianRun(runs: readonly Run[]): Run {
  return {
    seconds: median(runs.map((run) => run.seconds)),
    cpuSeconds: median(runs.map((run) => run.cpuSeconds)),
    peakMb: median(runs.map((run) => run.peakMb)),
    stdout: '',
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2
}
