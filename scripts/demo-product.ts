/** The small product of the demo log: its features, its users, and the models that it calls. */

export const models = {
  'gpt-4o-mini': { provider: 'openai', firstTokenMs: 320, tokensPerSecond: 95 },
  'gpt-4o': { provider: 'openai', firstTokenMs: 450, tokensPerSecond: 80 },
  'gpt-5': { provider: 'openai', firstTokenMs: 2_400, tokensPerSecond: 70 },
  'claude-haiku-4-5': { provider: 'anthropic', firstTokenMs: 380, tokensPerSecond: 120 },
  'claude-sonnet-4-5': { provider: 'anthropic', firstTokenMs: 800, tokensPerSecond: 65 },
} as const

export type Model = keyof typeof models

export interface Seat {
  readonly user: string
  readonly tier: 'free' | 'pro' | 'enterprise'
  /** How much this user calls, beside the others. */
  readonly weight: number
}

export interface Feature {
  readonly name: string
  /** How often it is used, beside the others. */
  readonly weight: number
  /** Up to so many calls a visit. */
  readonly turns: number
  /** Each turn sends the turns before. */
  readonly remembers: boolean
  /** Mean tokens sent by a first turn, and answered. */
  readonly input: number
  readonly output: number
  /** Tokens at the beginning of every prompt that never change. */
  readonly fixedPrefix: number
  readonly maxTokens: number
  readonly temperature: number
  /** Share answered by the product's own response cache. */
  readonly repeats: number
  /** Share of first tries that fail. */
  readonly failures: number
  readonly modelFor: (seat: Seat, chance: number) => Model
}

/** 24 free, 12 pro, 4 enterprise; within a tier some call three times as much as others. */
export const seats: readonly Seat[] = Array.from({ length: 40 }, (_, i) => {
  const tier = i < 24 ? 'free' : i < 36 ? 'pro' : 'enterprise'
  const weight = { free: 1, pro: 3, enterprise: 8 }[tier] * (0.5 + (i % 5) / 4)
  return { user: `user-${String(i + 1).padStart(2, '0')}`, tier, weight }
})

const isFree = (seat: Seat): boolean => seat.tier === 'free'

export const features: readonly Feature[] = [
  {
    name: 'chat-assistant',
    weight: 24,
    turns: 8,
    remembers: true,
    input: 420,
    output: 260,
    fixedPrefix: 0,
    maxTokens: 1_024,
    temperature: 0.7,
    repeats: 0,
    failures: 0.012,
    modelFor: (seat, chance) => (isFree(seat) || chance < 0.3 ? 'gpt-4o-mini' : 'gpt-4o'),
  },
  {
    name: 'search',
    weight: 34,
    turns: 3,
    remembers: false,
    input: 900,
    output: 90,
    fixedPrefix: 0,
    maxTokens: 256,
    temperature: 0,
    repeats: 0.28,
    failures: 0.008,
    modelFor: () => 'gpt-4o-mini',
  },
  {
    name: 'summaries',
    weight: 20,
    turns: 2,
    remembers: false,
    input: 3_200,
    output: 240,
    fixedPrefix: 0,
    maxTokens: 300,
    temperature: 0.2,
    repeats: 0.06,
    failures: 0.01,
    modelFor: () => 'claude-haiku-4-5',
  },
  {
    name: 'document-analysis',
    weight: 6,
    turns: 2,
    remembers: false,
    input: 7_500,
    output: 700,
    fixedPrefix: 1_900,
    maxTokens: 2_048,
    temperature: 0.1,
    repeats: 0.02,
    failures: 0.02,
    modelFor: () => 'claude-sonnet-4-5',
  },
  {
    name: 'code-review',
    weight: 9,
    turns: 3,
    remembers: true,
    input: 4_800,
    output: 900,
    fixedPrefix: 2_200,
    maxTokens: 4_096,
    temperature: 1,
    repeats: 0,
    failures: 0.025,
    modelFor: (seat, chance) => (isFree(seat) || chance < 0.6 ? 'gpt-5' : 'claude-sonnet-4-5'),
  },
  {
    name: 'email-drafts',
    weight: 14,
    turns: 2,
    remembers: false,
    input: 650,
    output: 210,
    fixedPrefix: 0,
    maxTokens: 400,
    temperature: 0.8,
    repeats: 0,
    failures: 0.01,
    modelFor: (seat) => (isFree(seat) ? 'gpt-4o-mini' : 'gpt-4o'),
  },
]
