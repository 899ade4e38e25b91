/** Money as whole numbers of its last digit, for arithmetic that must not round. */

/** Money in units of 1e-18, exact. */
export type Money = bigint

const moneyDigits = 18

/** An exact decimal as a whole number of 1e-18. */
export function moneyOf(text: string): Money {
  const [whole = '0', part = ''] = text.replace(/^-/, '').split('.')
  const value = BigInt(whole + part.padEnd(moneyDigits, '0').slice(0, moneyDigits))
  return text.startsWith('-') ? -value : value
}

/** The exact decimal, without zeros behind it. */
export function moneyText(value: Money): string {
  const digits = (value < 0n ? -value : value).toString().padStart(moneyDigits + 1, '0')
  const part = digits.slice(-moneyDigits).replace(/0+$/, '')
  const text = digits.slice(0, -moneyDigits) + (part === '' ? '' : `.${part}`)
  return value < 0n ? `-${text}` : text
}
