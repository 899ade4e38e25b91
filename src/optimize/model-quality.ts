/** What scores say of the models of a feature. */
import type { Detail } from './strategy.js'

/** Where two models answered the same feature and answers have scores: the difference, and its 95 % interval. */
export const modelQuality = (): Detail => ({
  id: 'quality',
  title: 'Quality of models in the same feature',
  columns: [
    { key: 'feature', title: 'feature', kind: 'text' },
    { key: 'dearer', title: 'dearer model', kind: 'text' },
    { key: 'cheaper', title: 'cheaper model', kind: 'text' },
    { key: 'scored', title: 'answers with a score', kind: 'count' },
    { key: 'difference', title: 'difference', kind: 'number' },
    { key: 'low', title: 'from', kind: 'number' },
    { key: 'high', title: 'to', kind: 'number' },
  ],
  sql: /* sql */ `WITH scores AS (
      SELECT feature, model, count(*) AS n, avg(score) AS mean, var_samp(score) AS variance, sum(cost) / count(*) AS unit
      FROM (SELECT feature, model, coalesce(quality_score, user_feedback) AS score, cost FROM scoped_calls)
      WHERE score IS NOT NULL AND cost > 0 GROUP BY feature, model HAVING count(*) >= 20
    )
    SELECT a.feature, a.model AS dearer, b.model AS cheaper, a.n + b.n AS scored, b.mean - a.mean AS difference,
      b.mean - a.mean - 1.96 * sqrt(a.variance / a.n + b.variance / b.n) AS low,
      b.mean - a.mean + 1.96 * sqrt(a.variance / a.n + b.variance / b.n) AS high
    FROM scores a JOIN scores b ON a.feature IS NOT DISTINCT FROM b.feature AND b.unit < a.unit
    ORDER BY a.feature, a.model, b.model`,
  notes: [
    'the mean of quality_score, else user_feedback, of the cheaper model less that of the dearer; models with at least 20 scores in a feature, on the calls that they got: not the same ones',
  ],
})
