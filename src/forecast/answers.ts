/** What is tried as an answer to how daily costs move: see trend.ts. */

/** Standard deviations a week: how far the level may wander, of growth at first, and how far that may wander. */
export interface Answer {
  readonly wander: number
  readonly growth: number
  readonly turning: number
  /** Logarithm of how likely it is before anything is known, against a level that wanders and may grow. */
  readonly prior: number
}

/** Something that changed for good so many days before the end, on the answer that wanders so much. */
export interface Change {
  readonly age: number
  readonly wander: number
  /** Standard deviations of the level's change, and of the change of growth a week. */
  readonly jump: number
  readonly bend: number
  readonly prior: number
}

export const wanders = [0.001, 0.02, 0.05, 0.1, 0.2, 0.4]

/** That it grows is a little less likely; growth that wanders comes in where days are best told by it. */
export const answers: readonly Answer[] = [
  ...wanders.flatMap((wander) =>
    [0, 0.05].map((growth) => ({ wander, growth, turning: 0, prior: growth > 0 ? -1.5 : 0 })),
  ),
  ...[0.02, 0.05].map((turning) => ({ wander: 0.02, growth: 0.05, turning, prior: -0.5 })),
]
/** A launch, or its end, on any day of the last six weeks; growth that began two to six weeks ago. */
export const changes: readonly Change[] = [
  ...Array.from({ length: 42 }, (_, i) => i + 1).flatMap((age) =>
    [0.02, 0.4].map((wander) => ({ age, wander, jump: 0.8, bend: 0, prior: -4 })),
  ),
  ...[14, 21, 28, 35, 42].map((age) => ({ age, wander: 0.02, jump: 0, bend: 0.1, prior: -3.5 })),
]
