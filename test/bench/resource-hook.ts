/** Loaded before a program (`node --import`): when it ends, writes what it used to $BENCH_ANSWER. */
import { writeFileSync } from 'node:fs'

process.once('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  const used = { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakMb: maxRSS / 1024 }
  writeFileSync(process.env['BENCH_ANSWER']!, JSON.stringify(used))
})
