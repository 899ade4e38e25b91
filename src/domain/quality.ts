/**
 * Which answers count as good. Scales differ from log to log (0–1, 1–5, 0–10, 0–100) and no log says which
 * one it uses: the scale is the smallest of these that holds the highest value seen.
 */
import { number, percent } from './words/wording.js'

const scales = [1, 5, 10, 100] as const

/** An answer is good by its score or by its feedback. */
export interface GoodAnswers {
  /** Good from this quality score on. */
  readonly score: number
  /** Good from this feedback on; `above`: only beyond it. */
  readonly feedback: number
  readonly above: boolean
  /** The rule in words, with the scales that were assumed. */
  readonly words: string
}

/**
 * @param bound up to 1 a share of the scale; above 1 the score itself, on the log's own scale
 * @param highest the highest score and feedback in scope; null where there is none
 */
export function goodAnswers(
  bound: number,
  highest: { readonly score: number | null; readonly feedback: number | null },
): GoodAnswers {
  const score = thresholdOf(bound, highest.score)
  // Thumbs are 1 and 0, or 1 and -1; stars and the like have a scale.
  const thumbs = highest.feedback === null || highest.feedback <= 1
  const feedback = thumbs ? { from: 0, why: '' } : thresholdOf(bound, highest.feedback)
  const parts = [
    ...(highest.score === null ? [] : [`quality_score from ${number(score.from)} on${score.why}`]),
    ...(highest.feedback === null
      ? []
      : [thumbs ? 'user_feedback above 0' : `user_feedback from ${number(feedback.from)} on${feedback.why}`]),
  ]
  return {
    score: score.from,
    feedback: feedback.from,
    above: thumbs,
    words: parts.join(', or '),
  }
}

function thresholdOf(bound: number, highest: number | null): { from: number; why: string } {
  if (bound > 1) return { from: bound, why: '' }
  const scale = scales.find((one) => (highest ?? 0) <= one) ?? highest ?? 1
  const why = ` (${percent(bound)} of ${number(scale)}, as the highest is ${number(highest ?? 0)})`
  return { from: bound * scale, why }
}
