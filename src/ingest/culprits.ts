/** Which files a run fails for, where the failure does not say so. */

/** Each with what it fails of. */
export type Culprits<F> = ReadonlyMap<F, unknown>

/**
 * Finds by halving the files without which an attempt goes well. Where two go well alone and not together,
 * the later is to blame.
 * @param attempt tries some of the files, and changes nothing
 * @param ends true for what is no fault of a file: it is thrown
 */
export async function culpritsAmong<F>(
  files: readonly F[],
  attempt: (files: readonly F[]) => Promise<unknown>,
  ends: (error: unknown) => boolean,
): Promise<Culprits<F>> {
  const found = new Map<F, unknown>()
  const failure = async (some: readonly F[]): Promise<{ readonly of: unknown } | undefined> => {
    try {
      await attempt(some)
      return undefined
    } catch (error) {
      if (ends(error)) throw error
      return { of: error }
    }
  }
  /** Those of `some` that go well together with `base`, which does. */
  const sound = async (some: readonly F[], base: readonly F[]): Promise<readonly F[]> => {
    const failed = some.length === 0 ? undefined : await failure([...base, ...some])
    if (failed === undefined) return some
    if (some.length === 1) {
      found.set(some[0]!, failed.of)
      return []
    }
    const half = some.length >> 1
    const left = await sound(some.slice(0, half), base)
    return [...left, ...(await sound(some.slice(half), [...base, ...left]))]
  }
  await sound(files, [])
  return found
}
