/** What `llmcost doctor` looks at of what leaves the machine: channels of alerts, and the mail server. */
import type { Probe, Sent } from '../../delivery/channel.js'
import { probeLimits } from '../../delivery/limits.js'
import { openChannel } from '../../delivery/registry.js'
import { Secrets } from '../../delivery/secrets.js'
import { placeOf, probeProof, smtpServer } from '../../delivery/smtp-server.js'
import type { ChannelConfig } from '../../domain/rules/channels.js'
import type { Invocation, OptionSpec } from '../command.js'
import type { Answer } from './doctor-checks.js'
import { configOf } from '../precedence.js'

export const liveOption: OptionSpec = {
  flags: '--live',
  about: 'try channels and the mail server: chats and webhooks get a test message',
}

export const liveWords =
  'Slack, Teams and webhooks get a message that says it is a test, for there is no other way; PagerDuty gets the end of an incident that never began, which pages nobody, and shows the form of the key alone; a mail server is logged in to, and sent no mail.'

/** A line a channel of the config file. One that fails, or hangs, does not hold up the others. */
export async function channels(invocation: Invocation): Promise<Answer | readonly Answer[]> {
  const { notify } = await configOf(invocation)
  if (notify.length > 0) return Promise.all(notify.map((config) => channel(config, invocation)))
  return {
    health: isLive(invocation) ? 'note' : 'ok',
    found: 'none set up; notify in the config file names them',
  }
}

async function channel(config: ChannelConfig, invocation: Invocation): Promise<Answer> {
  const { env, version } = invocation
  const check = `channel ${config.name}`
  const kit = { secrets: new Secrets(env), limits: probeLimits(Date.now()), version }
  const opened = await openChannel(config, kit)
  const next = `Set ${listed(variablesOf(config))} where llmcost check --notify runs: cron has an environment of its own.`
  if ('error' in opened) return { check, health: 'problem', found: `${config.kind}: ${opened.error}`, next }
  const { target, probe } = opened.channel
  return { check, ...(await tried(`${config.kind}, ${target}`, probe, variablesOf(config), invocation)) }
}

/** The variables that a channel reads. */
function variablesOf(config: ChannelConfig): readonly string[] {
  const { kind, urlEnv, keyEnv, secretEnv, smtpEnv = 'LLMCOST_SMTP' } = config
  if (kind === 'mail') return mailVariables(smtpEnv)
  return [urlEnv, keyEnv, secretEnv].filter((name) => name !== undefined)
}

const mailVariables = (server: string): readonly string[] => [
  server,
  'LLMCOST_SMTP_USER',
  'LLMCOST_SMTP_PASSWORD',
]

/** What `llmcost send` would use. @throws UserError for what is no mail server */
export async function mailServer(invocation: Invocation): Promise<Answer> {
  const secrets = new Secrets(invocation.env)
  const text = secrets.optional('LLMCOST_SMTP')
  if (text === undefined)
    return { health: 'ok', found: 'LLMCOST_SMTP is not set; llmcost send needs it, or --smtp' }
  const server = smtpServer(text, 'LLMCOST_SMTP', secrets)
  const { probeServer } = await import('../../delivery/smtp.js')
  const probe: Probe = {
    run: () => probeServer({ server, limits: probeLimits(Date.now()), secrets }),
    proof: probeProof(server),
  }
  return tried(placeOf(server), probe, mailVariables('LLMCOST_SMTP'), invocation)
}

async function tried(
  what: string,
  { run, proof }: Probe,
  variables: readonly string[],
  invocation: Invocation,
): Promise<Answer> {
  if (!isLive(invocation)) return { health: 'ok', found: `${what}: set up; --live tries it` }
  const result: Sent = await run()
  if (result.ok) return { health: 'ok', found: `${what}: ${proof}` }
  return {
    health: 'problem',
    found: `${what}: ${result.error}`,
    next: `Compare ${listed(variables)} with what the receiver gave you.`,
  }
}

const isLive = ({ options }: Invocation): boolean => options['live'] === true

const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
