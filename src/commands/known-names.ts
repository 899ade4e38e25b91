/** Names that a config file may use and that other folders than its own know. */
import type { KnownNames } from '../config/config.js'
import { renderers } from '../renderers/registry.js'

/** Formats, importers and sources of bills; these are loaded for it. */
export async function knownNames(): Promise<KnownNames> {
  const { importers } = await import('../importers/registry.js')
  const { billSources } = await import('../billing/registry.js')
  return {
    formats: renderers.map(({ id }) => id),
    importers: [...importers, ...billSources].map(({ id }) => id),
  }
}
