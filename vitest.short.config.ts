import { testsOf } from './vitest.config.js'

/** `npm test`: all tests that need Node alone, but for those of `npm run test:long`. */
export default testsOf('others')
