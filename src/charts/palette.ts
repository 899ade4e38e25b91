/** Colours by what they say. All of them keep contrast AA on `paper` and `card`. */
export interface Palette {
  readonly paper: string
  readonly card: string
  readonly ink: string
  readonly quiet: string
  readonly line: string
  /** Amounts. */
  readonly accent: string
  /** Amounts that are not complete, tracks of bars, bands. */
  readonly faint: string
  readonly good: string
  readonly caution: string
  readonly bad: string
  readonly goodPaper: string
  readonly cautionPaper: string
  readonly badPaper: string
}

export const lightPalette: Palette = {
  paper: '#f7f7f5',
  card: '#ffffff',
  ink: '#1b1f24',
  quiet: '#5c6470',
  line: '#e2e3e0',
  accent: '#2f6f8f',
  faint: '#cfe0e8',
  good: '#1d6b45',
  caution: '#8a5300',
  bad: '#b3261e',
  goodPaper: '#e3f2ea',
  cautionPaper: '#fbefd9',
  badPaper: '#fbe6e4',
}

export const darkPalette: Palette = {
  paper: '#121518',
  card: '#1a1e23',
  ink: '#e8eaed',
  quiet: '#a2abb6',
  line: '#2d333b',
  accent: '#6db3d2',
  faint: '#28465a',
  good: '#74c69d',
  caution: '#e5b567',
  bad: '#f28b82',
  goodPaper: '#1b3327',
  cautionPaper: '#3a2e17',
  badPaper: '#41211f',
}

/** Colours that a page's style sheet sets, by scheme. */
export const pagePalette = Object.fromEntries(
  Object.keys(lightPalette).map((name) => [name, `var(--${name})`]),
) as unknown as Palette
