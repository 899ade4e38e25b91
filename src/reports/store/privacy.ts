/** `llmcost doctor --privacy`: where a store holds free text, by its lengths alone. */
import { plural } from '../../domain/words/plurals.js'
import { freeTextRule } from '../../domain/words/free-text.js'
import type { FreeTextRow } from '../../metrics/store/free-text.js'
import { column } from '../columns.js'
import type { Report, Row } from '../report.js'

/** What is known of the file itself. */
export interface StoreFile {
  readonly path: string
  /** Permissions, such as 0o640. */
  readonly mode: number
}

const told = `A value is a text when it has ${freeTextRule.words} words or more, or ${freeTextRule.characters} characters or more and is not one run of letters, digits and signs. Up to ${freeTextRule.fewTexts} different texts that come again ${freeTextRule.repeats} times or more on average are long labels. No text is shown, only the lengths of the three longest.`

export function privacyReport(rows: readonly FreeTextRow[], file: StoreFile): Report {
  const free = rows.filter((row) => row.free)
  return {
    kind: 'privacy',
    title:
      free.length === 0
        ? 'No column and no tag holds free text'
        : `${free.length} ${plural(free.length, 'place holds', 'places hold')} free text`,
    period: { since: null, until: null, tz: 'UTC' },
    sections: [
      {
        id: 'privacy',
        title: 'Texts',
        columns: [
          column('place', 'column or tag', 'text'),
          column('holds', 'holds', 'text'),
          column('rows', 'rows', 'count'),
          column('texts', 'different texts', 'count'),
          column('lengths', 'lengths', 'text'),
        ],
        rows: rows.map((row): Row => ({
          place: row.place,
          holds: row.free ? 'free text' : 'long labels',
          rows: row.rows,
          texts: row.texts,
          lengths: row.lengths.join(', '),
        })),
        notes: [told, ...advice(rows)],
      },
    ],
    warnings: othersMayRead(file),
  }
}

const isTag = ({ place, free }: FreeTextRow): boolean => free && place.startsWith('tag.')

function advice(rows: readonly FreeTextRow[]): string[] {
  return [
    ...(rows.some(isTag)
      ? ['A tag leaves with its calls: take its key out of the log, then llmcost ingest --replace.']
      : []),
    ...(rows.some(({ place }) => place === 'rejects.text')
      ? ['Texts of rejected records were kept by --keep-rejected-text.']
      : []),
  ]
}

function othersMayRead({ path, mode }: StoreFile): string[] {
  const who = mode & 0o007 ? 'everybody on this machine' : mode & 0o070 ? 'your group' : undefined
  if (who === undefined) return []
  return [`${who} may open the database (mode 0${mode.toString(8)}): chmod 600 ${path} keeps it for you`]
}
