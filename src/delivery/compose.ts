/** A mail becomes an RFC 5322 message: headers encoded, text and HTML as alternatives, images inline. */
import { createHash } from 'node:crypto'
import type { Address } from '../domain/words/addresses.js'

export interface Attachment {
  readonly filename: string
  readonly contentType: string
  readonly content: string | Uint8Array
  /** The HTML shows it as `cid:…`. */
  readonly cid?: string
}

export interface Mail {
  readonly from: Address
  readonly to: readonly Address[]
  readonly cc: readonly Address[]
  /** One line. */
  readonly subject: string
  readonly text: string
  readonly html?: string
  readonly attachments: readonly Attachment[]
  /** With its angle brackets; the same for every attempt. */
  readonly messageId: string
  /** The thread it belongs to. */
  readonly references?: string
  readonly date: Date
  readonly headers?: Readonly<Record<string, string>>
}

/** The part of an address after its @. */
export const hostOf = ({ address }: Address): string => address.slice(address.lastIndexOf('@') + 1)

/** A Message-ID that the same mail gets again, and no other. */
export function messageIdOf(mail: Omit<Mail, 'messageId'>): string {
  const parts = [mail.date.toISOString(), mail.to, mail.cc, mail.subject, mail.text, mail.html]
  return `<llmcost-${digest(JSON.stringify(parts))}@${hostOf(mail.from)}>`
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32)

/** The whole message, with CRLF as SMTP wants it. */
export async function composed(mail: Mail): Promise<Buffer> {
  const { default: MailComposer } = await import('nodemailer/lib/mail-composer')
  const composer = new MailComposer({
    from: mailbox(mail.from),
    to: mail.to.map(mailbox),
    ...(mail.cc.length === 0 ? {} : { cc: mail.cc.map(mailbox) }),
    subject: mail.subject,
    text: mail.text,
    ...(mail.html === undefined ? {} : { html: mail.html }),
    attachments: mail.attachments.map(({ content, ...rest }) => ({
      ...rest,
      content: typeof content === 'string' ? content : Buffer.from(content),
    })),
    messageId: mail.messageId,
    ...(mail.references === undefined ? {} : { references: mail.references, inReplyTo: mail.references }),
    date: mail.date,
    headers: mail.headers ?? {},
    baseBoundary: digest(mail.messageId),
    newline: 'win',
    // Nothing in a mail is a path or an address to fetch.
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return composer.compile().build()
}

const mailbox = ({ name, address }: Address): { name: string; address: string } => ({ name, address })
