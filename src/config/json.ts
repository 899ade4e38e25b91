/** JSON, with the comments and trailing commas that people leave in files of settings. */
import { parse, type ObjectNode, type ValueNode } from '@humanwhocodes/momoa'
import { boolean, group, number, SyntaxProblem, type Tree } from './tree.js'

/** @throws SyntaxProblem */
export const readJson = (text: string): Tree => treeOf(bodyOf(text), text)

function bodyOf(text: string): ValueNode {
  try {
    return parse(text, { mode: 'jsonc', allowTrailingCommas: true, ranges: true }).body
  } catch (error) {
    throw problem(error, text)
  }
}

const nameOf = ({ name }: ObjectNode['members'][number]): string =>
  name.type === 'String' ? name.value : name.name

/**
 * A JSON text with one value more; every other byte stays.
 * @param keys one within the other; what is missing of them is made
 * @returns the text, or what stands there already, as it is written
 * @throws SyntaxProblem for what is not JSON, and where something else than an object stands at a key
 */
export function withMember(
  text: string,
  keys: readonly string[],
  value: unknown,
): { readonly text: string } | { readonly there: string } {
  let node = bodyOf(text)
  for (const [i, key] of keys.entries()) {
    if (node.type !== 'Object')
      throw new SyntaxProblem(node.loc.start.line, `${keys[i - 1] ?? 'what it holds'} is no object`)
    // Of two, the last counts wherever the file is read.
    const member = node.members.findLast((one) => nameOf(one) === key)
    if (member === undefined) {
      const made = keys.slice(i + 1).reduceRight<unknown>((inner, name) => ({ [name]: inner }), value)
      return { text: inserted(text, node, key, made) }
    }
    node = member.value
  }
  return { there: text.slice(node.loc.start.offset, node.loc.end.offset) }
}

/** The first member of an object, laid out as the one that is first now. */
function inserted(text: string, { loc, members: [first] }: ObjectNode, key: string, value: unknown): string {
  const open = loc.start.offset + 1
  const outer = /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', open - 1) + 1))![0]
  const space = /^\s*/.exec(text.slice(open))![0]
  const end = /\r?\n/.exec(text)?.[0] ?? '\n'
  if (first !== undefined && !space.includes('\n'))
    return `${text.slice(0, open)}${space}${JSON.stringify(key)}: ${JSON.stringify(value)},${text.slice(open)}`
  const indent = first === undefined ? `${outer}  ` : space.slice(space.lastIndexOf('\n') + 1)
  const step = indent.startsWith(outer) && indent !== outer ? indent.slice(outer.length) : '  '
  const written = JSON.stringify(value, undefined, step).replaceAll('\n', `${end}${indent}`)
  const member = `${end}${indent}${JSON.stringify(key)}: ${written}`
  if (first !== undefined) return `${text.slice(0, open)}${member},${text.slice(open)}`
  // Where there is nothing but space in it, the object is closed on a line of its own.
  const rest = text.slice(open)
  const isEmpty = rest.trimStart().startsWith('}')
  return `${text.slice(0, open)}${member}${isEmpty ? `${end}${outer}${rest.trimStart()}` : rest}`
}

function treeOf(node: ValueNode, text: string): Tree {
  const { line } = node.loc.start
  switch (node.type) {
    case 'Object':
      return group(
        line,
        node.members.map(({ name, value }) => ({
          key: name.type === 'String' ? name.value : name.name,
          line: name.loc.start.line,
          value: treeOf(value, text),
        })),
      )
    case 'Array':
      return { kind: 'list', line, items: node.elements.map(({ value }) => treeOf(value, text)) }
    case 'String':
      return { kind: 'text', line, text: node.value }
    case 'Number':
      return number(line, text.slice(node.loc.start.offset, node.loc.end.offset))
    case 'Boolean':
      return boolean(line, node.value)
    case 'Null':
      return { kind: 'nothing', line }
    case 'NaN':
    case 'Infinity':
      return { kind: 'other', line, text: node.type }
  }
}

const tokens: Readonly<Record<string, string>> = {
  LBrace: '{',
  RBrace: '}',
  LBracket: '[',
  RBracket: ']',
  Colon: ':',
  Comma: ',',
}

function problem(error: unknown, text: string): unknown {
  if (!(error instanceof Error) || !('line' in error) || error instanceof SyntaxProblem) return error
  const message = error.message
    .replace(/ found\. \(\d+:\d+\)$/, '')
    .replace(/token (\w+)$/, (_, name: string) => tokens[name] ?? name.toLowerCase())
  // Of a text that ends too early, the parser names its first line, or what stands last.
  const last = text.trimEnd().split('\n').length
  const atEnd = error.message.startsWith('Unexpected end') || (error.line === last && !/\}\s*$/.test(text))
  if (atEnd) return new SyntaxProblem(last, 'it ends too early')
  return new SyntaxProblem(Number(error.line), `${message.charAt(0).toLowerCase()}${message.slice(1)}`)
}
