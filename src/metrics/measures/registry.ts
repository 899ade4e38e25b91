/** Every measure by its name, `<statistic>_<quantity>`; rates and shares are 0–1. */
import { UserError } from '../../errors.js'
import { closestNames } from '../../domain/words/names.js'
import { volumeMeasures } from './volume.js'
import { costMeasures } from './cost.js'
import { tokensMeasures } from './tokens.js'
import { limitsMeasures } from './limits.js'
import { answersMeasures } from './answers.js'
import { failuresMeasures } from './failures.js'
import { cachingMeasures } from './caching.js'
import { latencyMeasures } from './latency.js'
import { qualityMeasures } from './quality.js'
import type { Measure, Measures } from './measure.js'

export const measures = {
  ...volumeMeasures,
  ...costMeasures,
  ...tokensMeasures,
  ...limitsMeasures,
  ...answersMeasures,
  ...failuresMeasures,
  ...cachingMeasures,
  ...latencyMeasures,
  ...qualityMeasures,
} as const satisfies Measures

export type MeasureName = keyof typeof measures

export const measureNames = Object.keys(measures) as readonly MeasureName[]

export const measureOf = (name: MeasureName): Measure => measures[name]

/**
 * What a measure is over no calls at all: counts and sums are nothing, a share is nothing of something,
 * and there is no mean, quantile or rate.
 */
export type Emptiness = 'zero' | 'share' | 'none'

export function emptinessOf(name: MeasureName): Emptiness {
  const { is } = measureOf(name)
  if (is === 'share') return 'share'
  return is === 'count' || is === 'sum' || is === 'distinct' ? 'zero' : 'none'
}

/** Whether the whole is the sum of its parts: a count or a sum, not of distinct values. */
export function addsUp(name: MeasureName): boolean {
  const { is } = measureOf(name)
  return is === 'count' || is === 'sum'
}

/** @throws UserError (usage) with the closest names */
export function parseMeasure(text: string, option: string): MeasureName {
  const name = text.trim().toLowerCase().replaceAll('-', '_')
  const found = measureNames.find(
    (known) => known === name || known === `${name}_usd` || known === `cost_${name}`,
  )
  if (found !== undefined) return found
  throw new UserError(`${option} ${text}: no such column`, {
    code: 'usage',
    hint: `The closest: ${closestNames(name, measureNames).join(', ')}. llmcost columns lists all ${measureNames.length}.`,
  })
}
