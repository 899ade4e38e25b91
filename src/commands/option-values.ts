/** What options hold, as texts and numbers. */
import { UserError } from '../errors.js'
import type { Invocation } from './command.js'

/** An option's text; undefined when absent. */
export function optionText(invocation: Invocation, name: string): string | undefined {
  const value = invocation.options[name]
  return typeof value === 'string' ? value : undefined
}

/** The texts of an option that may be repeated. */
export function optionTexts(invocation: Invocation, name: string): readonly string[] {
  const value = invocation.options[name]
  return Array.isArray(value) ? value.map(String) : []
}

/** A whole number from 1 on. @param others what else may be given, for the hint @throws UserError (usage) */
export function optionCount(invocation: Invocation, name: string, others = ''): number | undefined {
  const value = optionText(invocation, name)
  if (value === undefined) return undefined
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value)
  throw new UserError(`--${name} ${value} is not a whole number from 1 on`, {
    code: 'usage',
    hint: `For example --${name} 10${others}.`,
  })
}
