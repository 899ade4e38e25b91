/** What multipliers are measured by. */

/** Environments that are not production's. */
export const developmentWords = [
  'dev',
  'development',
  'test',
  'testing',
  'tests',
  'stage',
  'staging',
  'ci',
  'local',
  'qa',
  'sandbox',
] as const

/** A feature on a model has instructions to be measured from so many calls on. */
export const fewestCalls = 20
