/** Every kind of channel; loaded when something is sent. */
import type { ChannelKind } from '../domain/channels.js'
import type { ChannelMaker } from './channel.js'

export const channelMakers: Readonly<Record<ChannelKind, () => Promise<ChannelMaker>>> = {
  slack: async () => (await import('./channels/slack.js')).slack,
  teams: async () => (await import('./channels/teams.js')).teams,
  pagerduty: async () => (await import('./channels/pagerduty.js')).pagerduty,
  webhook: async () => (await import('./channels/webhook.js')).webhook,
  mail: async () => (await import('./channels/mail.js')).mail,
}
