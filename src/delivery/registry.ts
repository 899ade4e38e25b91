/** Every kind of channel; loaded when something is sent. */
import type { ChannelConfig, ChannelKind } from '../domain/rules/channels.js'
import { UserError } from '../errors.js'
import type { Channel, ChannelKit, ChannelMaker } from './channel.js'
import { MissingSecret } from './secrets.js'

const channelMakers: Readonly<Record<ChannelKind, () => Promise<ChannelMaker>>> = {
  slack: async () => (await import('./channels/slack.js')).slack,
  teams: async () => (await import('./channels/teams.js')).teams,
  pagerduty: async () => (await import('./channels/pagerduty.js')).pagerduty,
  webhook: async () => (await import('./channels/webhook.js')).webhook,
  mail: async () => (await import('./channels/mail.js')).mail,
}

/** A channel, or what its variables lack, in words that hold no secret. */
export type Opened = { readonly channel: Channel } | { readonly error: string }

export async function openChannel(config: ChannelConfig, kit: ChannelKit): Promise<Opened> {
  try {
    return { channel: (await channelMakers[config.kind]()).open(config, kit) }
  } catch (error) {
    if (error instanceof MissingSecret || error instanceof UserError) return { error: error.message }
    throw error
  }
}
