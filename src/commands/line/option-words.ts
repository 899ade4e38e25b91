/** Options under other words: those that are taken, and those that are told. */

/** Taken as the option itself: what other tools call the very same. */
const same: Readonly<Record<string, string>> = { '--limit': '--top', '--order': '--sort' }

/** What people try, and the option that they mean. */
const meant: Readonly<Record<string, string>> = {
  '--filter': '--where',
  '--group-by': '--by',
  '--group': '--by',
  '--sort-by': '--sort',
  '--order-by': '--sort',
  '--start': '--since',
  '--from-date': '--since',
  '--after': '--since',
  '--end': '--until',
  '--to-date': '--until',
  '--before': '--until',
  '--timezone': '--tz',
  '--zone': '--tz',
  '--database': '--db',
  '--file': '--input',
  '--files': '--input',
  '--out': '--output',
  '--fields': '--columns',
  '--metrics': '--columns',
  '--count': '--top',
  '--markdown': '--format markdown',
  '--html': '--format html',
}

/** The command line with each option under its own name, up to `--`. */
export function plainOptions(words: readonly string[]): readonly string[] {
  const end = words.indexOf('--')
  return words.map((word, i) => {
    const [flag = ''] = word.split('=')
    const name = end >= 0 && i > end ? undefined : Object.hasOwn(same, flag) ? same[flag] : undefined
    return name === undefined ? word : name + word.slice(flag.length)
  })
}

/** The option of the command that a word stands for elsewhere. */
export function meantOption(word: string, names: readonly string[]): string | undefined {
  const option = Object.hasOwn(meant, word) ? meant[word] : undefined
  return option !== undefined && names.includes(option.split(' ')[0]!) ? option : undefined
}
