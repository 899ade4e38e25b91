/** What colour says: emphasis and judgement, nothing else. The text is complete without it. */
import { Chalk } from 'chalk'
import type { Tone } from '../cells.js'

type Brush = (text: string) => string

export interface Paint {
  readonly strong: Brush
  readonly quiet: Brush
  readonly warning: Brush
  readonly toned: (text: string, tone: Tone | undefined) => string
}

/** Brushes that paint, or leave the text alone when there is no colour. */
export function paintFor(color: boolean): Paint {
  // The level is given, never detected: the same report always makes the same string.
  const chalk = new Chalk({ level: color ? 1 : 0 })
  const tones: Record<Tone, Brush> = {
    quiet: chalk.dim,
    good: chalk.green,
    caution: chalk.yellow,
    bad: chalk.red,
  }
  return {
    strong: (text) => chalk.bold(text),
    quiet: (text) => chalk.dim(text),
    warning: (text) => chalk.yellow(text),
    toned: (text, tone) => (tone === undefined ? text : tones[tone](text)),
  }
}
