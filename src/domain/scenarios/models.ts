/**
 * Which models a lever is about: a name, `provider/name`, all of a provider (`openai/*`), or all (`*`). A name
 * stands for its dated snapshots too: `gpt-4o` for `gpt-4o-2024-08-06`, not for `gpt-4o-mini`.
 */

const dated = String.raw`-(\d{4}-\d{2}-\d{2}|\d{8})$`

/** SQL: whether a call is on such a model. @param value name of the value that is bound to the pattern */
export function onModel(pattern: string, call: string, value: string): string {
  if (pattern === '*') return 'TRUE'
  const provider = /^([^/]+)\/\*$/.exec(pattern)?.[1]
  if (provider !== undefined) return `coalesce(${call}.provider || '/*' = $${value}, false)`
  const names = [`${call}.model`, `regexp_replace(${call}.model, '${dated}', '')`]
  const all = names.flatMap((name) => [name, `${call}.provider || '/' || ${name}`])
  return `(${all.map((name) => `coalesce(${name} = $${value}, false)`).join(' OR ')})`
}

/** The same of a provider and model by name. */
export function isModel(pattern: string, provider: string | null, model: string): boolean {
  if (pattern === '*' || pattern === `${provider ?? ''}/*`) return true
  const bare = model.replace(new RegExp(dated), '')
  return [model, bare].some((name) => pattern === name || pattern === `${provider ?? ''}/${name}`)
}
