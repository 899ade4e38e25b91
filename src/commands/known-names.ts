/** Names that a config file may use and that other folders than its own know. */
import type { KnownNames } from '../config/config.js'
import { renderers } from '../renderers/registry.js'

/** Formats and importers; the importers are loaded for it. */
export async function knownNames(): Promise<KnownNames> {
  const { importers } = await import('../importers/registry.js')
  return { formats: renderers.map(({ id }) => id), importers: importers.map(({ id }) => id) }
}
