/** How free text is told from names and labels; what reports say of it follows these numbers. */
export const freeTextRule = {
  /** A value of so many words is a text. */
  words: 5,
  /** So is one of so many characters, unless it is one run of letters, digits and signs, as ids and paths are. */
  characters: 40,
  /** More different texts than this are free text, … */
  fewTexts: 20,
  /** … and fewer ones that come again less often than this, on average. Others are long labels. */
  repeats: 5,
} as const
