/**
 * What `require('llmcost/guard')` loads. A guard is made asynchronously, so it can come from the package's modules: most
 * of what it is made of is there once, and not twice.
 */
import type { Guard, GuardOptions } from './index.js'

export { memoryStore } from './memory-store.js'
export { redisStore } from './redis-store.js'

/** The package itself, by its own name. */
const modules = 'llmcost/guard'

export async function createGuard(options: GuardOptions): Promise<Guard> {
  const loaded = (await import(modules)) as typeof import('./index.js')
  return loaded.createGuard(options)
}
