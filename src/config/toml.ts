/** TOML 1.0. */
import { parseTOML, ParseError, type AST } from 'toml-eslint-parser'
import { boolean, number, SyntaxProblem, type Tree } from './tree.js'

/** A dotted key makes a group for each dot. */
const deepest = 100

/** A group or a list while tables still add to it. */
type Growing =
  | { kind: 'group'; line: number; entries: { key: string; line: number; value: Growing | Tree }[] }
  | { kind: 'list'; line: number; items: (Growing | Tree)[] }

/** @throws SyntaxProblem */
export function readToml(text: string): Tree {
  try {
    const root: Growing = { kind: 'group', line: 1, entries: [] }
    for (const node of parseTOML(text).body[0].body) {
      if (node.type === 'TOMLKeyValue') setValue(root, node)
      else {
        const table = reach(root, node.resolvedKey, node.loc.start.line)
        for (const pair of node.body) setValue(table, pair)
      }
    }
    return root
  } catch (error) {
    if (!(error instanceof ParseError)) throw error
    const { message, lineNumber } = error
    throw new SyntaxProblem(lineNumber, `${message.charAt(0).toLowerCase()}${message.slice(1)}`)
  }
}

function setValue(table: Growing, { key, value, loc }: AST.TOMLKeyValue): void {
  const path = key.keys.map((part) => (part.type === 'TOMLBare' ? part.name : part.value))
  const parent = reach(table, path.slice(0, -1), loc.start.line)
  const entry = { key: path.at(-1) ?? '', line: loc.start.line, value: treeOf(value) }
  if (parent.kind === 'group') parent.entries.push(entry)
}

/** The group or list at a path; what is missing is made. The parser has seen to it that kinds agree. */
function reach(from: Growing, path: readonly (string | number)[], line: number): Growing {
  if (path.length > deepest) throw new SyntaxProblem(line, 'this is nested too deeply')
  let here = from
  for (const [i, part] of path.entries()) {
    const next = typeof path[i + 1] === 'number' ? 'list' : 'group'
    const fresh: Growing =
      next === 'list' ? { kind: 'list', line, items: [] } : { kind: 'group', line, entries: [] }
    if (here.kind === 'list') here = (here.items[Number(part)] ??= fresh) as Growing
    else {
      let entry = here.entries.find(({ key }) => key === part)
      if (entry === undefined) here.entries.push((entry = { key: String(part), line, value: fresh }))
      here = entry.value as Growing
    }
  }
  return here
}

function treeOf(node: AST.TOMLContentNode): Tree {
  const { line } = node.loc.start
  if (node.type === 'TOMLArray') return { kind: 'list', line, items: node.elements.map(treeOf) }
  if (node.type === 'TOMLInlineTable') {
    const table: Growing = { kind: 'group', line, entries: [] }
    for (const pair of node.body) setValue(table, pair)
    return table
  }
  if (node.kind === 'string') return { kind: 'text', line, text: node.value }
  if (node.kind === 'integer' || node.kind === 'float') return number(line, node.number)
  if (node.kind === 'boolean') return boolean(line, node.value)
  return { kind: 'other', line, text: node.datetime }
}
