/**
 * Tells when logs may have changed, by what the system says of their folders; where it says nothing (a network's
 * file system, too many folders), and for what it may have missed, by the clock.
 */
import { statSync, watch, type FSWatcher } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { isDynamicPattern } from 'tinyglobby'

/** Without word of the system, logs are looked at so often, ms. */
const unsaid = 5_000
/** And so often beside its word, ms. */
const beside = 60_000

export class Changes {
  readonly #watchers: FSWatcher[] = []
  readonly #places: () => ReadonlyMap<string, boolean>
  /** Folders that are followed, and whether those below them are. */
  readonly #followed = new Map<string, boolean>()
  #isTold = true
  #changed = false
  #wake: (() => void) | undefined

  /** @param sources files, folders and globs that are followed */
  constructor(sources: readonly string[], cwd: string) {
    this.#places = () => new Map(sources.map((source) => placeOf(source, cwd)))
    this.#followAll()
  }

  /** A folder that was not there yet is followed as soon as it is. */
  #followAll(): void {
    for (const [folder, isDeep] of this.#places()) {
      if (this.#followed.get(folder) === isDeep) continue
      this.#followed.set(folder, isDeep)
      this.#follow(folder, isDeep)
    }
  }

  /** False where some folder is looked at by the clock alone. */
  get isTold(): boolean {
    return this.#isTold
  }

  #follow(folder: string, recursive: boolean): void {
    const failed = (): void => {
      this.#isTold = false
    }
    try {
      const watcher = watch(folder, { recursive, persistent: true }, () => this.#note())
      watcher.on('error', failed)
      this.#watchers.push(watcher)
    } catch {
      failed()
    }
  }

  #note(): void {
    this.#changed = true
    this.#wake?.()
  }

  /** Resolves when something may have changed since it did last, or it is time to look; at once when that was while nobody waited. */
  async next(): Promise<void> {
    if (!this.#changed) {
      await new Promise<void>((done) => {
        const timer = setTimeout(done, this.#isTold ? beside : unsaid)
        this.#wake = (): void => {
          clearTimeout(timer)
          done()
        }
      })
    }
    this.#wake = undefined
    this.#changed = false
    this.#followAll()
  }

  /** Ends the waiting. */
  wake(): void {
    this.#note()
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close()
  }
}

/** The folder in which a source's files come and go, and whether those below it count. */
function placeOf(source: string, cwd: string): [folder: string, isDeep: boolean] {
  const path = resolve(cwd, source)
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat?.isDirectory()) return [path, true]
  if (stat !== undefined || !isDynamicPattern(source)) return [dirname(path), false]
  const parts = source.split('/')
  const fixed = parts.findIndex((part) => isDynamicPattern(part))
  return [resolve(cwd, parts.slice(0, fixed).join('/') || '.'), fixed < parts.length - 1]
}
