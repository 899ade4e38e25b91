#!/usr/bin/env node
import('../dist/main.js').catch((error) => {
  // Not even the program itself could be read.
  process.stderr.write(`llmcost: it cannot be started: ${String(error.message).split('\n')[0]}\n`)
  process.exitCode = 1
})
