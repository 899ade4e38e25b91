/**
 * In CI a change is judged by the same generated cases each time, so that it answers for itself alone;
 * elsewhere every run tries new ones. A failure prints its seed and path either way.
 */
import fc from 'fast-check'

if (process.env['CI']) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 20_261_121 })
