/** In which form names of fields are compared. */

/** Signs that change what a number is: `cost (€)` is not `cost`. */
const signs: Readonly<Record<string, string>> = {
  '€': 'eur',
  '£': 'gbp',
  '¢': 'cents',
  '%': 'percent',
  '₹': 'inr',
}

/** A name as it is compared: lower case, letters and digits only, without the semantic conventions' prefixes. */
export function comparable(name: string): string {
  const before = compared.get(name)
  if (before !== undefined) return before
  const found = compare(name)
  if (compared.size >= mostCompared) compared.clear()
  compared.set(name, found)
  return found
}

/** Agents keep hundreds of files of the same few keys. Keys of a log are bounded in length, and these in number. */
const compared = new Map<string, string>()
const mostCompared = 5000

function compare(name: string): string {
  const told = name.replaceAll(/[€£¢%₹]/g, (sign) => signs[sign]!).replaceAll(/[µμ](?=s)/g, 'u')
  const bare = told.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  return bare.replace(/^genai(usage|request|response)?(?=[a-z])/, '') || bare
}
