/** The output formats. A new one is one line here; help, documentation and tests derive from this list. */
import { closestNames } from '../domain/words/names.js'
import { UserError } from '../errors.js'
import type { Report } from '../reports/report.js'
import { csv } from './csv.js'
import { html } from './html.js'
import { json } from './json.js'
import { markdown } from './markdown.js'
import type { LazyRenderer, Renderer as TextRenderer } from './renderer.js'
import { table } from './table.js'

/** One that answers at once, or one that loads first. */
export type Renderer = TextRenderer | LazyRenderer

export const renderers: readonly Renderer[] = [table, markdown, html, json, csv]

const fallback = table

/** The output options of a command, as given. */
export interface FormatChoice {
  readonly format?: string | undefined
  readonly json?: boolean | undefined
  readonly csv?: boolean | undefined
  readonly output?: string | undefined
  /** What holds where no option decides, and what an error calls it. */
  readonly otherwise?: { readonly text: string; readonly said: string } | undefined
}

/**
 * The renderer for the options given: `--format`, `--json` or `--csv`, else the ending of `--output`, else what
 * holds without, else the table.
 * @throws UserError (usage) for a format or an ending that no renderer has, and for two formats at once
 */
export function rendererFor(choice: FormatChoice): Renderer {
  const named = choice.format === undefined ? undefined : byName(choice.format)
  const short = choice.json ? json : choice.csv ? csv : undefined
  const other = choice.json && choice.csv ? '--csv' : named && `--format ${named.id}`
  if (short !== undefined && other !== undefined && (named !== short || (choice.json && choice.csv))) {
    throw new UserError(`--${short.id} and ${other} ask for two formats`, {
      code: 'usage',
      hint: 'Give one of them.',
    })
  }
  if (short !== undefined) return short
  if (named !== undefined) return named
  const ended = choice.output === undefined ? undefined : byEnding(choice.output)
  if (ended !== undefined || choice.otherwise === undefined) return ended ?? fallback
  return byName(choice.otherwise.text, choice.otherwise.said)
}

/** Why an answer is empty, for a reader whose format cannot say so. */
export function unsaid(renderer: Renderer, { sections }: Report): readonly string[] {
  const tables = sections.filter(({ beside, columns }) => beside !== true && columns.length > 0)
  if (renderer.wordless !== true || tables.some(({ rows }) => rows.length > 0)) return []
  return [...new Set(tables.flatMap(({ empty }) => empty ?? []))]
}

function byName(name: string, said = '--format'): Renderer {
  const wanted = name.trim().toLowerCase()
  const found = renderers.find(({ id, endings }) => id === wanted || endings.includes(wanted))
  if (found !== undefined) return found
  const ids = renderers.map(({ id }) => id)
  throw new UserError(`${said} ${name} is not a format`, {
    code: 'usage',
    hint: `Choose one of ${ids.join(', ')}; the closest: ${closestNames(name, ids, 1).join()}.`,
  })
}

function byEnding(file: string): Renderer | undefined {
  const base = file.split(/[\\/]/).at(-1) ?? ''
  const ending = /.\.([^.]+)$/.exec(base)?.[1]?.toLowerCase()
  if (ending === undefined) return undefined
  const found = renderers.find(({ endings }) => endings.includes(ending))
  if (found !== undefined) return found
  const known = renderers.flatMap(({ endings }) => endings.map((name) => `.${name}`))
  throw new UserError(`no format goes with the file ending .${ending}`, {
    code: 'usage',
    location: file,
    hint: `End the name with ${known.join(', ')}, or choose with --format ${renderers.map(({ id }) => id).join('|')}.`,
  })
}
