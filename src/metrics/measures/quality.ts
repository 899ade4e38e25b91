/** How answers were judged. */
import { ratio } from './aggregates.js'
import type { Measures } from './measure.js'

export const qualityMeasures = {
  mean_quality_score: {
    title: 'mean quality',
    kind: 'number',
    better: 'more',
    optional: 1,
    is: 'mean',
    sql: (part) => ratio(part('quality_score'), part('quality_score_rows')),
  },
  mean_groundedness: {
    title: 'mean groundedness',
    kind: 'number',
    better: 'more',
    optional: 3,
    is: 'mean',
    sql: (part) => ratio(part('groundedness'), part('groundedness_rows')),
  },
  mean_retrieval_score: {
    title: 'mean retrieval',
    kind: 'number',
    better: 'more',
    optional: 3,
    is: 'mean',
    sql: (part) => ratio(part('retrieval_score'), part('retrieval_score_rows')),
  },
  mean_user_feedback: {
    title: 'mean feedback',
    kind: 'number',
    better: 'more',
    optional: 2,
    is: 'mean',
    sql: (part) => ratio(part('user_feedback'), part('user_feedback_rows')),
  },
  quality_score_calls: {
    title: 'scored calls',
    kind: 'count',
    optional: 4,
    is: 'count',
    sql: (part) => part('quality_score_rows'),
  },
  user_feedback_calls: {
    title: 'calls with feedback',
    kind: 'count',
    optional: 4,
    is: 'count',
    sql: (part) => part('user_feedback_rows'),
  },
} as const satisfies Measures
