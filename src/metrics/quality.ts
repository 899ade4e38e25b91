/** Answers that were judged, in the log itself: scores and feedback, and what a good answer cost. */
import type { GoodAnswers } from '../domain/quality.js'
import type { Scope } from '../domain/scope.js'
import { aggregates, figure, type Figures } from './figures.js'
import { flags, labels, placedCalls, type GroupKeys, type GroupRequest } from './groups.js'
import type { MeasureName } from './measures/registry.js'
import type { Query, Whole } from './query.js'
import { inScope } from './scope.js'

/** The highest score and feedback, which tell their scales; null where no call has one. */
export interface ScoreRangeRow {
  readonly max_quality_score: number | null
  readonly max_user_feedback: number | null
}

/** Of the calls in scope and of all before them: a short window may miss a scale's upper end. */
export function scoreRange(scope: Scope): Query<ScoreRangeRow> {
  const { sql, params } = inScope({ ...scope, since: null })
  return {
    sql: /* sql */ `
    SELECT max(quality_score) AS max_quality_score, max(user_feedback) AS max_user_feedback
    FROM calls WHERE ${sql}`,
    params,
  }
}

/** Figures of each group that `quality` asks of its calls. */
const qualityMeasures = [
  'calls',
  'cost_usd',
  'unpriced_calls',
  'partly_priced_calls',
  'mean_quality_score',
  'quality_score_calls',
  'mean_groundedness',
  'mean_retrieval_score',
  'mean_user_feedback',
  'user_feedback_calls',
] as const satisfies readonly MeasureName[]

export interface QualityRow extends Figures, GroupKeys {
  /** Calls with a quality score or feedback. */
  readonly judged_calls: Whole
  readonly good_answers: Whole
  /** Good answers over judged calls, 0–1; null where none is judged. */
  readonly good_answer_rate: number | null
  /** Cost of the judged calls over the good answers among them, both of priced calls alone. */
  readonly cost_per_good_answer_usd: number | null
}

interface QualityRequest extends GroupRequest {
  readonly good: Omit<GoodAnswers, 'words'>
}

/** The dearest groups first, then the others, then the total. */
export function quality(request: QualityRequest): Query<QualityRow> {
  const { ctes, params, ds } = placedCalls(request)
  const judged = '(quality_score IS NOT NULL OR user_feedback IS NOT NULL)'
  const { score, feedback, above } = request.good
  const good = `(quality_score >= CAST($good_score AS DOUBLE) OR user_feedback ${above ? '>' : '>='} CAST($good_feedback AS DOUBLE))`
  const sql = /* sql */ `
    WITH ${ctes}
    , figures AS (
      SELECT ${[...flags(ds), ...aggregates(qualityMeasures)].join(', ')},
        count(*) FILTER (WHERE ${judged}) AS judged_calls,
        count(*) FILTER (WHERE ${good}) AS good_answers,
        sum(cost_usd) FILTER (WHERE ${judged}) AS judged_cost_usd,
        count(cost_usd) FILTER (WHERE ${good}) AS priced_good_answers
      FROM placed_calls
      ${ds.length === 0 ? '' : `GROUP BY GROUPING SETS ((${ds.join(', ')}, is_others), ())`}
    )
    SELECT ${[
      ...labels(request, 'figures'),
      ...qualityMeasures.map((name) => `${figure(name, qualityMeasures, 'figures')} AS ${name}`),
    ].join(', ')}, judged_calls, good_answers,
      CAST(good_answers AS DOUBLE) / nullif(judged_calls, 0) AS good_answer_rate,
      CAST(judged_cost_usd AS DOUBLE) / nullif(priced_good_answers, 0) AS cost_per_good_answer_usd
    FROM figures
    ORDER BY ${['is_total', 'figures.is_others', 'cost_usd DESC NULLS LAST', ...ds.map((d) => `figures.${d} ASC NULLS LAST`)].join(', ')}`
  return { sql, params: { ...params, good_score: score, good_feedback: feedback } }
}
