/** The part of `--help` after the options: the command's longer text and its examples. */
import { variableOf } from '../config/options.js'
import type { CommandSpec } from './command.js'

export function helpTail(spec: CommandSpec, columns: number): string {
  const details = paragraphs([spec.details ?? '', otherPlaces(spec)].filter(Boolean).join('\n')).map((line) =>
    wrapped(line, columns),
  )
  const examples = spec.examples.map((e) => `  ${e.command}\n      ${e.about}`)
  return `${details.length > 0 ? `\n${details.join('\n')}\n` : ''}\nExamples:\n${examples.join('\n')}\n`
}

/** Where some options are looked for when they are not given. */
function otherPlaces({ options }: CommandSpec): string {
  const names = options.flatMap(({ setting }) => setting ?? [])
  if (names.length === 0) return ''
  const variables = names.map(variableOf).join(', ')
  return `Without the option: ${variables} in the environment, then ${names.join(', ')} in the config file.`
}

/** Lines, less the breaks within a sentence: the terminal's width decides where those are. */
function paragraphs(text: string): string[] {
  const lines: string[] = []
  for (const line of text === '' ? [] : text.split('\n')) {
    const last = lines.at(-1)
    if (last !== undefined && /^\S.*[^.:]$/.test(last) && /^\S/.test(line))
      lines.push(`${lines.pop()} ${line}`)
    else lines.push(line)
  }
  return lines
}

/** Breaks a line between words; what follows stands below the text of a list item. */
function wrapped(line: string, columns: number): string {
  const item = /^ +\S+ {2,}/.exec(line)?.[0].length
  const indent = ' '.repeat(item ?? (/^[\w ,-]+: /.test(line) ? 2 : 0))
  const lines: string[] = []
  let rest = line
  while (rest.length > columns) {
    const at = rest.lastIndexOf(' ', columns)
    if (at <= indent.length) break
    lines.push(rest.slice(0, at))
    rest = `${indent}${rest.slice(at + 1)}`
  }
  return [...lines, rest].join('\n')
}
