/** A length as SVG has it: px to two places, always a finite number. */
export function px(length: number): string {
  return Number.isFinite(length) ? String(Math.round(length * 100) / 100) : '0'
}
