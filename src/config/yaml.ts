/** YAML 1.2, one document without tags of its own. */
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
} from 'yaml'
import { boolean, group, number, SyntaxProblem, type Entry, type Tree } from './tree.js'

/** Aliases copy what they name: so many values a file may come to. */
const mostValues = 20_000
/** An alias may stand within what it names. */
const deepest = 100

/** @throws SyntaxProblem */
export function readYaml(text: string): Tree {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const [fault] = [...document.errors, ...document.warnings]
  if (fault !== undefined) {
    const words =
      fault.code === 'MULTIPLE_DOCS'
        ? 'there is more than one document'
        : fault.code === 'DUPLICATE_KEY'
          ? `${/^[\w.-]+/.exec(text.slice(fault.pos[0]))?.[0] ?? 'a key'} is there twice`
          : `${fault.message.charAt(0).toLowerCase()}${fault.message.slice(1)}`
    throw new SyntaxProblem(lines.linePos(fault.pos[0]).line, words)
  }
  const { contents } = document
  if (contents === null) return { kind: 'nothing', line: 1 }
  return new Reader(document, lines).read(contents, 1, 0)
}

class Reader {
  private values = 0

  constructor(
    private readonly document: Document,
    private readonly lines: LineCounter,
  ) {}

  read(node: Node, above: number, depth: number): Tree {
    const line = this.lineOf(node, above)
    this.values++
    if (this.values > mostValues || depth > deepest)
      throw new SyntaxProblem(line, 'aliases copy too much of it')
    if (isAlias(node)) {
      const target = node.resolve(this.document)
      if (target === undefined) throw new SyntaxProblem(line, `no anchor &${node.source}`)
      return this.read(target, line, depth + 1)
    }
    if (isMap(node)) {
      return group(
        line,
        node.items.map(({ key, value }) => this.entry(key, value as Node | null, line, depth)),
      )
    }
    if (isSeq(node))
      return { kind: 'list', line, items: node.items.map((item) => this.read(item as Node, line, depth + 1)) }
    return this.scalar(node, line)
  }

  private entry(key: unknown, value: Node | null, above: number, depth: number): Entry {
    if (!isScalar(key) || key.value === null) {
      throw new SyntaxProblem(isNode(key) ? this.lineOf(key, above) : above, 'a key must be a word')
    }
    const line = this.lineOf(key, above)
    const name = typeof key.value === 'string' ? key.value : (key.source ?? '')
    return {
      key: name,
      line,
      value: value === null ? { kind: 'nothing', line } : this.read(value, line, depth + 1),
    }
  }

  private scalar(node: Node, line: number): Tree {
    const value: unknown = isScalar(node) ? node.value : undefined
    const source = isScalar(node) ? node.source : undefined
    if (value === null || value === undefined) return { kind: 'nothing', line }
    if (typeof value === 'string') return { kind: 'text', line, text: value }
    if (typeof value === 'boolean') return boolean(line, value, source)
    if (typeof value === 'number' || typeof value === 'bigint') return number(line, source ?? String(value))
    return { kind: 'other', line, text: source ?? 'this' }
  }

  private lineOf(node: Node, above: number): number {
    return node.range ? this.lines.linePos(node.range[0]).line : above
  }
}
