/** What importers may know of the machine; undefined where there is no home folder. */
import { homeFolder } from '../../config/folders.js'
import type { Machine } from '../../importers/importer.js'

export function machineOf(env: Machine['env']): Machine | undefined {
  const home = homeFolder()
  return home === undefined ? undefined : { home, env, platform: process.platform }
}
