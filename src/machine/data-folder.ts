/** Files that the package brings in its folder `data`. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder is beside the sources as it is beside what is built from them, at one depth or another. */
export function dataFile(name: string): string {
  const here = dirname(fileURLToPath(import.meta.url))
  const above = ['..', '../..'].map((up) => join(here, up, 'data', name))
  return above.find((path) => existsSync(path)) ?? join(here, '..', 'data', name)
}
