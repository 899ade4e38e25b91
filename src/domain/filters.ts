/**
 * `--where` as people write it: `key=value`, `key!=value`, `key~text`.
 */
import { UserError } from '../errors.js'
import { dimensionOf, type Dimension } from './dimensions.js'
import type { Filter } from './scope.js'

/** The value that stands for "not logged": `--where 'feature=(none)'`. */
export const noneValue = '(none)'

const hint =
  "Write key=value, key!=value or key~text: --where feature=chat, --where 'user!=(none)', --where model~gpt-4o."

/**
 * One filter. `=` and `!=` compare the whole value, `~` looks for the text in it, whatever the case;
 * `(none)` stands for calls without the value.
 * @throws UserError (usage) for another shape, an unknown key, or a value that the key cannot have
 */
export function parseFilter(text: string): Filter {
  const match = /^([^=!~]+)(!=|=|~)(.*)$/s.exec(text)
  if (match === null) throw new UserError(`--where ${text} is not a filter`, { code: 'usage', hint })
  const [, name = '', operator, value = ''] = match
  const dimension = dimensionOf(name)
  if (dimension.kind === 'time') {
    throw new UserError(`--where cannot filter by ${dimension.key}`, {
      code: 'usage',
      hint: 'Choose a time with --since and --until; group by one with --by.',
    })
  }
  const filter = { dimension: dimension.key, operator: operator as Filter['operator'], value: value.trim() }
  assertValue(text, dimension, filter)
  return filter
}

/** @throws UserError (usage), as parseFilter */
export function parseFilters(texts: readonly string[]): readonly Filter[] {
  return texts.map(parseFilter)
}

function assertValue(text: string, dimension: Dimension, { operator, value }: Filter): void {
  if (value === '') {
    throw new UserError(`--where ${text} has no value`, {
      code: 'usage',
      hint: `For calls without one: --where '${dimension.key}=(none)'.`,
    })
  }
  if (dimension.kind !== 'column' || dimension.type === 'VARCHAR' || value === noneValue || operator === '~')
    return
  const boolean = dimension.type === 'BOOLEAN'
  const fits = boolean ? /^(true|false)$/i.test(value) : Number.isFinite(Number(value))
  if (fits) return
  throw new UserError(`--where ${text}: ${dimension.key} is ${boolean ? 'true or false' : 'a number'}`, {
    code: 'usage',
    hint: `For example --where ${dimension.key}=${boolean ? 'true' : '1'}.`,
  })
}
