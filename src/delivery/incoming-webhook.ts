/** Channels of chats that take messages at an incoming webhook: JSON, posted to an address that is the secret. */
import type { ChannelKind } from '../domain/rules/channels.js'
import type { AlertMessage, ChannelMaker, Sent } from './channel.js'
import { needsHttps } from './hosts.js'
import { post } from './http.js'
import { testProof } from './wording.js'

/**
 * @param bodyOf a message as the chat takes it
 * @param testBody what a probe posts
 */
export const incomingWebhook = (
  kind: ChannelKind,
  bodyOf: (message: AlertMessage) => object,
  testBody: object,
): ChannelMaker => ({
  kind,
  open: ({ urlEnv = '' }, { secrets, limits }) => {
    const url = secrets.url(urlEnv, needsHttps)
    // A chat shows a repeat as a second message.
    const say = (body: object): Promise<Sent> =>
      post({ url, body: JSON.stringify(body), repeatable: false, limits, secrets })
    return {
      target: url.host,
      send: (message) => say(bodyOf(message)),
      probe: { run: () => say(testBody), proof: testProof },
    }
  },
})
