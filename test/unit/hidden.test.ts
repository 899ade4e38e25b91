/** One list of hidden characters: the engine's class of it, and what the lines that a command says do with it. */
import { expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import {
  actingClass,
  actingClassOfEngine,
  hidesSomething,
  visible,
  visibleOnPage,
  withoutHidden,
} from '../../src/domain/words/hidden.js'
import { plainLine } from '../../src/delivery/wording.js'

test('the engine knows the same hidden characters, of all that text can hold', async () => {
  const acting = new RegExp(`^(?:${actingClass})$`, 'u')
  const ours: number[] = []
  for (let code = 1; code <= 0x10ffff; code++)
    if ((code < 0xd800 || code > 0xdfff) && acting.test(String.fromCodePoint(code))) ours.push(code)
  const db = await Database.open(':memory:', 'write', { memoryLimit: '256MiB', threads: 1 })
  try {
    const { rows } = await db.query<{ code: number }>(
      `SELECT code FROM (SELECT range AS code FROM range(1, 1114112) WHERE range NOT BETWEEN 55296 AND 57343)
       WHERE regexp_matches(chr(CAST(code AS INTEGER)), '${actingClassOfEngine}') ORDER BY code`,
    )
    const theirs = new Set(rows.map(({ code }) => code))
    // The engine's tables may be of an older Unicode, and the unassigned ones of ours hide nothing yet.
    expect(ours.filter((code) => !theirs.has(code)).map((code) => code.toString(16))).toEqual([])
    const known = new Set(ours)
    const beyond = [...theirs].filter((code) => !known.has(code))
    expect(beyond.every((code) => /^\p{Cn}$/u.test(String.fromCodePoint(code)))).toBe(true)
  } finally {
    db.close()
  }
})

test.each(['\u001b[31m', 'a\nb', 'a\rb', '\u202eabc', 'a\u200bb', '\u2028', '\u0085', '\u{e0041}'])(
  'what hides in %j is shown, or is a space where a line goes to others',
  (text) => {
    expect(hidesSomething(text)).toBe(true)
    for (const shown of [visible(text), withoutHidden(text), plainLine(text)])
      expect(hidesSomething(shown)).toBe(false)
  },
)

test('emoji with joiners stay themselves on a page, by the list of Unicode alone', () => {
  const family = '\u{1F468}\u200D\u{1F469}\u200D\u{1F467}'
  const pilot = '\u{1F9D1}\u{1F3FD}\u200D✈\uFE0F'
  expect(visibleOnPage(`a ${family}${pilot}!`)).toBe(`a ${family}${pilot}!`)
  expect(visible(`a ${family}`)).toContain(String.raw`\u{200d}`)
  for (const text of [
    'a\u200Db',
    '\u200D',
    '\u{1F468}\u200D',
    '\u{1F468}\u200D\u{1F697}\u202E',
    '\u{1F468}\u200D\u200D\u{1F469}',
  ])
    expect(visibleOnPage(text)).toBe(visible(text))
  expect(visibleOnPage(`${family}\u202E\u0007`)).toBe(String.raw`${family}\u{202e}␇`)
})
