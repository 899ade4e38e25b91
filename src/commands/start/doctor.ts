/** `llmcost doctor`: is everything set up, and where does each setting come from? */
import { exitCodes } from '../../errors.js'
import { doctorReport } from '../../reports/store/doctor.js'
import { outputOptions, storeOptions, zoneOption, type CommandSpec } from '../command.js'
import { doctorChecks, examine } from './doctor-checks.js'
import { privacyOf, privacyOption } from './doctor-privacy.js'
import { liveOption, liveWords } from './doctor-delivery.js'

export const doctorCommand: CommandSpec = {
  name: 'doctor',
  summary: 'check the set-up: config file, database, clock, prices, and where each comes from',
  details: [
    `Checks: ${doctorChecks.map(({ name }) => name).join(', ')}.`,
    'Without --live nothing leaves this machine: of channels and the mail server it checks what stands in the environment.',
    `With --live each of them is tried: ${liveWords}`,
    'With --privacy it lists instead which columns and tags hold free text, by how many texts and how long, and never shows one.',
    'Ends with exit code 1 when something must be mended.',
  ].join('\n'),
  options: [liveOption, privacyOption, zoneOption, ...storeOptions, ...outputOptions],
  examples: [
    { command: 'llmcost doctor', about: 'every check, and what to do' },
    { command: 'llmcost doctor --json', about: 'for a bug report' },
    { command: 'llmcost doctor --privacy', about: 'does the database hold what somebody wrote?' },
    { command: 'llmcost doctor --live', about: 'would alerts and mails arrive?' },
  ],
  survivesConfig: true,
  run: async (invocation) => {
    if (invocation.options['privacy'] === true) return { report: await privacyOf(invocation) }
    const checks = await examine(invocation)
    const ill = checks.some(({ health }) => health === 'problem')
    return { report: doctorReport(checks), ...(ill ? { exitCode: exitCodes.failure } : {}) }
  },
}
