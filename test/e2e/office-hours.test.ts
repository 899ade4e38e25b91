/** A log of an office in Tokyo: read in UTC, `anomalies` says so; read in its own zone, nothing. */
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { sharedFolder } from './program.js'
import { runWarmWell } from './together.js'

const log = fileURLToPath(
  new URL('../../fixtures/anomaly-dev/small-ramp-0-clean/calls.csv.gz', import.meta.url),
)
const cwd = sharedFolder()

const kindsOfFindings = async (...options: string[]): Promise<readonly string[]> => {
  const window = ['--since', '2025-10-27', '--as-of', '2025-11-10T00:00:00Z']
  const args = ['anomalies', '--input', log, ...window, ...options, '--json']
  const { findings } = JSON.parse(await runWarmWell(args, { cwd })) as { findings: { kind: string }[] }
  return findings.map(({ kind }) => kind)
}

test('the zone of an office is told where it is not that of the report', async () => {
  expect(await kindsOfFindings()).toContain('office_hours_elsewhere')
  expect(await kindsOfFindings('--tz', 'Asia/Tokyo')).not.toContain('office_hours_elsewhere')
})
