import { testsOf } from './vitest.config.js'

/** `npm run test:long`: laws over many generated logs, attacks, and whatever else takes its time. */
export default testsOf('long')
