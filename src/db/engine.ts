/**
 * The engine's client, which costs more to load than all else that starts: so only who opens a database imports this
 * module, late. It is required, for an import reads its many CommonJS files once more to find their exports. The
 * build puts the client itself in the place of this module: one file instead of a hundred.
 */
import { createRequire } from 'node:module'

export const engine = createRequire(import.meta.url)('@duckdb/node-api') as typeof import('@duckdb/node-api')
