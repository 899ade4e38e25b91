/** Where the benchmark finds the program and keeps its files. */
import { fileURLToPath } from 'node:url'

/** The repository's root: the benchmark runs compiled, in `.build/test/bench`. */
export const root = new URL('../../../', import.meta.url)

/** Logs and databases; git ignores it. */
export const folder = fileURLToPath(new URL('.bench', root))
