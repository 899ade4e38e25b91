/** Which file a run fails for, where the failure does not say so. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { culpritsAmong } from '../../src/ingest/culprits.js'

const never = (): boolean => false

test('every file that fails alone is found, and no other', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.nat(40), { maxLength: 20 }),
      fc.integer({ min: 1, max: 40 }),
      async (bad, count) => {
        const files = Array.from({ length: count }, (_, i) => i)
        const found = await culpritsAmong(
          files,
          async (some) => {
            const first = some.find((file) => bad.includes(file))
            if (first !== undefined) throw new Error(`of ${first}`)
          },
          never,
        )
        expect([...found.keys()].sort((a, b) => a - b)).toEqual(
          bad.filter((file) => file < count).sort((a, b) => a - b),
        )
        for (const [file, error] of found) expect(String(error)).toBe(`Error: of ${file}`)
      },
    ),
  )
})

test('of two that only fail together the later one is to blame', async () => {
  const found = await culpritsAmong(
    ['a', 'b', 'c', 'd'],
    async (some) => {
      if (some.includes('b') && some.includes('d')) throw new Error('b and d')
    },
    never,
  )
  expect([...found.keys()]).toEqual(['d'])
})

test('what is no fault of a file ends the search', async () => {
  const attempt = async (): Promise<void> => {
    throw new Error('disk')
  }
  await expect(culpritsAmong(['a', 'b'], attempt, () => true)).rejects.toThrow('disk')
})
