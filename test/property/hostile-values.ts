/**
 * Values at the edges of what programs hold: each is put into every field of every log, as JSON and as a cell
 * of CSV. Texts of JSON, so that a number keeps all its digits.
 */

const powers = [31, 32, 53, 63, 64, 127, 128]

/** Whole numbers around the edges of 32, 53, 63, 64 and 127 bits, below and above 0. */
const edgeIntegers: readonly string[] = powers.flatMap((bits) => {
  const edge = 1n << BigInt(bits)
  return [edge - 1n, edge, edge + 1n, -edge, -edge - 1n].map(String)
})

const edgeNumbers: readonly string[] = [
  ...edgeIntegers,
  '0',
  '-0',
  '-0.0',
  '-1',
  '0.1',
  '1.5',
  '1e0',
  '1E+2',
  '1e-9',
  '1e9',
  '1e18',
  '1e19',
  '1e38',
  '1e39',
  '1e308',
  '-1e308',
  '1e309',
  '1e99999',
  '5e-324',
  '1e-400',
  '99999.999999999999',
  '100000',
  '100000.000000000001',
  '999999.999999999999',
  '9999999999999.999999999999',
  `0.${'3'.repeat(400)}`,
  '9'.repeat(40),
  '9'.repeat(400),
  `${'9'.repeat(400)}.5`,
  // Edges of times: seconds, ms, µs and ns since 1970, and of what a timestamp holds.
  '100000000',
  '100000000000',
  '100000000000000',
  '100000000000000000',
  '4200000000000000000',
  '9223372036854775807000',
  '253402300799999999',
  '-62135596800',
]

const edgeTexts: readonly string[] = [
  '',
  ' ',
  'NaN',
  'nan',
  '-nan',
  'Infinity',
  '-inf',
  'null',
  'true',
  '1,000',
  '1.000,5',
  '12,345,678.90',
  '$1e308',
  '$ -5',
  'USD 9223372036854775807',
  '99999999999999999999 EUR',
  '1e400 JPY',
  '12 cents',
  '0x7fffffffffffffff',
  '1_000',
  '١٢٣',
  '１２',
  'infinity',
  '-infinity',
  'epoch',
  '290000-01-01',
  '294247-01-10T04:00:54.775807Z',
  '294247-01-10T04:00:54.775808Z',
  '290309-12-22 (BC) 00:00:00',
  '2026-02-30T00:00:00Z',
  '2026-09-05T24:00:00Z',
  '2026-09-05T23:59:60Z',
  '2026-09-05T08:00:00+99:99',
  '2026-09-05T08:00:00.123456789123456789Z',
  '05/13/2026 25:61:61',
  '13/13/2026',
  '00/00/0000',
  '2026-09-05 08:00 Europe/Nowhere',
  '46270.5',
  'a\u0000b',
  '\ud800',
  '\udc00x',
  '\u0001\u001f\u007f',
  '\ufeff',
  "'; DROP TABLE calls; --",
  '"',
  "'",
  '\\',
  '{',
  '[',
  '{}',
  '[]',
  '{"a":1',
  '{"input_tokens":9223372036854775807}',
  `{"a":`.repeat(50),
  'x'.repeat(600),
  'é'.repeat(300),
  '\u{1f600}'.repeat(120),
  '%s%n%d',
  '$1',
  '${x}',
  '../../../etc/passwd',
]

/** Values of other kinds than a field is meant to have. */
const edgeShapes: readonly string[] = [
  'null',
  'true',
  'false',
  '{}',
  '[]',
  '[[]]',
  '[null]',
  '[1,2]',
  '["x"]',
  '{"":1}',
  '{"a":{"b":{"c":1}}}',
  '{"input_tokens":9223372036854775807}',
  '[{"input_tokens":9223372036854775807,"cost":1e308}]',
  '{"a":1,"a":2}',
  '{"\\u0000":1}',
  '{"\\ud800":1}',
  '"\\ud800"',
  '"\\u0000"',
  '[9223372036854775808,-9223372036854775809]',
]

/** All of them as the text of a JSON value: numbers bare and quoted, texts quoted, other shapes as they are. */
export const edgeValues: readonly string[] = [
  ...edgeNumbers,
  ...edgeNumbers.map((number) => `"${number}"`),
  ...edgeTexts.map((text) => JSON.stringify(text)),
  ...edgeShapes,
]

/** What a cell of CSV holds in their place; a column with its decimals written in two ways is refused whole. */
export const edgeCells: readonly string[] = [
  ...edgeNumbers,
  ...edgeTexts.filter((text) => !/^\d+[.,]\d{3}[.,]?/.test(text)),
  ...edgeShapes,
]
