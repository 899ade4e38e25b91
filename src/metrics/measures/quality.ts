/** How answers were judged. */
import { exactMean } from './aggregates.js'
import type { Measures } from './measure.js'

export const qualityMeasures = {
  mean_quality_score: {
    title: 'mean quality',
    kind: 'number',
    better: 'more',
    optional: 1,
    is: 'mean',
    sql: exactMean('quality_score'),
  },
  mean_groundedness: {
    title: 'mean groundedness',
    kind: 'number',
    better: 'more',
    optional: 3,
    is: 'mean',
    sql: exactMean('groundedness'),
  },
  mean_retrieval_score: {
    title: 'mean retrieval',
    kind: 'number',
    better: 'more',
    optional: 3,
    is: 'mean',
    sql: exactMean('retrieval_score'),
  },
  mean_user_feedback: {
    title: 'mean feedback',
    kind: 'number',
    better: 'more',
    optional: 2,
    is: 'mean',
    sql: exactMean('user_feedback'),
  },
  quality_score_calls: {
    title: 'scored calls',
    kind: 'count',
    optional: 4,
    is: 'count',
    sql: 'count(quality_score)',
  },
  user_feedback_calls: {
    title: 'calls with feedback',
    kind: 'count',
    optional: 4,
    is: 'count',
    sql: 'count(user_feedback)',
  },
} as const satisfies Measures
