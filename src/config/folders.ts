/** Where the platform keeps a user's files. A service, a container and some cron jobs have no home folder. */
import { homedir } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { UserError } from '../errors.js'

/** Undefined when neither HOME nor the list of users names one: `env -i`, a user id without a name. */
export function homeFolder(): string | undefined {
  try {
    const home = homedir()
    // An empty HOME would put the database into whatever the working directory is.
    return isAbsolute(home) ? home : undefined
  } catch {
    return undefined
  }
}

/**
 * What `~/path` stands for.
 * @throws UserError (usage) where there is no home folder
 */
function belowHome(path: string): string {
  const home = homeFolder()
  if (home !== undefined) return join(home, path)
  throw new UserError(`there is no home folder that ~/${path} could be in`, {
    code: 'usage',
    hint: 'Write the whole path, or set HOME.',
  })
}

/** A path as a config file gives it: relative to the file, not to the working directory. */
export const pathFrom = (file: string, given: string): string =>
  /^~[\\/]/.test(given) ? belowHome(given.slice(2)) : resolve(dirname(file), given)

export interface Folders {
  readonly data: string
  readonly config: string
}

/** Platform folders of llmcost (XDG on Linux, Library on macOS, AppData on Windows), where there is a home. */
export async function platformFolders(): Promise<Folders | undefined> {
  if (homeFolder() === undefined) return undefined
  // It asks for the home folder when it is loaded, and fails where there is none.
  const { default: envPaths } = await import('env-paths')
  const { data, config } = envPaths('llmcost', { suffix: '' })
  // By its specification a relative XDG_DATA_HOME counts as none: it would be a folder of whoever made the
  // working directory.
  return {
    data: isAbsolute(data) ? data : belowHome('.local/share/llmcost'),
    config: isAbsolute(config) ? config : belowHome('.config/llmcost'),
  }
}

/**
 * The database where none is named.
 * @throws UserError (usage) where there is no home folder
 */
export async function defaultStore(): Promise<string> {
  const folders = await platformFolders()
  if (folders !== undefined) return join(folders.data, 'llmcost.duckdb')
  throw new UserError('there is no home folder to keep the database in', {
    code: 'usage',
    hint: 'Name the database with --db or LLMCOST_DB, or set HOME.',
  })
}
