/** JSON, with the comments and trailing commas that people leave in files of settings. */
import { parse, type ValueNode } from '@humanwhocodes/momoa'
import { boolean, group, number, SyntaxProblem, type Tree } from './tree.js'

/** @throws SyntaxProblem */
export function readJson(text: string): Tree {
  try {
    const { body } = parse(text, { mode: 'jsonc', allowTrailingCommas: true, ranges: true })
    return treeOf(body, text)
  } catch (error) {
    throw problem(error, text)
  }
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
