/**
 * renderers: a Report becomes a string. Pure: no input or output, nothing read from the process; a
 * renderer shortens numbers for people but never changes one. A new format is one file that exports a
 * Renderer, and one line in registry.ts.
 */
import type { Report } from '../reports/report.js'

/** What a renderer may know of where its answer is going. */
export interface RenderOptions {
  /** Width of the terminal, in columns. */
  readonly columns: number
  readonly color: boolean
  /** Lines around the cells of tables. */
  readonly borders?: boolean
  /** Zone in which times are shown to people; the report's own by default. */
  readonly tz?: string
}

export interface Renderer {
  /** The name that `--format` takes. */
  readonly id: string
  /** One line for `--help`. */
  readonly title: string
  /** File endings, without the dot, that pick this format for `--output`. */
  readonly endings: readonly string[]
  /** It has rows alone: why there are none is to be said elsewhere. */
  readonly wordless?: true
  /** The whole answer, ending with a newline unless it is empty. */
  readonly render: (report: Report, options: RenderOptions) => string
}

/** A renderer that loads what it needs when it is asked; nobody else pays for it. */
export interface LazyRenderer extends Omit<Renderer, 'render'> {
  readonly render: (report: Report, options: RenderOptions) => Promise<string>
}
