import { expect, test } from 'vitest'
import { progressLine } from '../../src/commands/progress.js'

const at = (done: number): { total: number; lines: number; done: () => number } => ({
  total: 400_000_000,
  lines: 1_000_000,
  done: () => done,
})

test('the bar tells share, bytes, rate and time left', () => {
  expect(progressLine(at(100_000_000), 2)).toBe(
    '█████░░░░░░░░░░░░░░░ 25 %  100.0 MB of 400.0 MB, 50.0 MB/s, 6 s left',
  )
})

test('before anything is read there is no rate', () => {
  expect(progressLine(at(0), 1)).toBe('░░░░░░░░░░░░░░░░░░░░ 0 %  0 B of 400.0 MB')
})

test('when all is read it says that the merge goes on', () => {
  expect(progressLine(at(400_000_000), 9)).toBe('1,000,000 lines read, merging …')
})
