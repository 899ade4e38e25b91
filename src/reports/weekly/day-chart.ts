/** The days as a chart: each parted by feature, with the same weekday before behind it. */
import type { Cell, Column, Row, Section } from '../report.js'
import { linesOf, type Line } from '../trends/trend-lines.js'
import type { TrendAnswer } from '../trends/trend.js'
import { column } from '../columns.js'
import { weekBeforeKeys } from './days.js'
import { cellText } from './cell-text.js'

/** @param grouped the same buckets by feature, the dearest first */
export function withFeatures(section: Section, grouped: TrendAnswer): Section {
  const { chart } = section
  const lines = linesOf(grouped).filter(({ isTotal }) => !isTotal)
  if (chart === undefined || lines.length === 0) return section
  const points = section.rows.map((row, i): Row => ({
    ...row,
    ...Object.fromEntries(lines.map((line, place): [string, Cell] => [`part_${place}`, costAt(line, i)])),
  }))
  const parts = lines.map((line, place): Column => column(`part_${place}`, titleOf(line), 'usd'))
  return {
    ...section,
    chart: {
      ...chart,
      parts: parts.map(({ key }) => key),
      ...(section.columns.some(({ key }) => key === weekBeforeKeys.cost)
        ? { ghost: weekBeforeKeys.cost }
        : {}),
      columns: [...section.columns, ...parts],
      points,
    },
  }
}

const costAt = ({ points }: Line, i: number): Cell => points[i]?.values['cost_usd'] ?? null

function titleOf({ keys }: Line): string {
  const feature = keys['feature'] ?? null
  return feature === null ? '(none)' : cellText(feature)
}
