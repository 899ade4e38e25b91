/** What a page or a mail of ours may be made of; everything else would have been written by a text from a log. */
import { parse, type DefaultTreeAdapterTypes as Tree } from 'parse5'

const plain = /^[a-z0-9 -]*$/i
const number = /^-?\d+(\.\d+)?$/
const colour = /^(none|var\(--[a-zA-Z]+\))$/
const drawn = /^([MLHVQhvlZ]|-?\d+(\.\d+)?|[ ,])*$/
const fixed = (...values: string[]): RegExp => new RegExp(`^(${values.join('|')})$`)

const attributes: Readonly<Record<string, RegExp>> = {
  'aria-hidden': fixed('true'),
  'aria-label': fixed('Sections'),
  'aria-labelledby': plain,
  charset: fixed('utf-8'),
  class: plain,
  content:
    /^(width=device-width, initial-scale=1|light dark|no-referrer|noindex|default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]+'; img-src data:; base-uri 'none'; form-action 'none')$/,
  cx: number,
  cy: number,
  d: drawn,
  fill: colour,
  'fill-opacity': number,
  'font-family': fixed('system-ui, sans-serif'),
  'font-size': number,
  'font-weight': number,
  height: number,
  href: /^(#[a-z0-9-]+|data:,)$/,
  'http-equiv': fixed('Content-Security-Policy'),
  id: /^[a-z][a-z0-9-]*$/,
  lang: fixed('en'),
  name: fixed('viewport', 'color-scheme', 'referrer', 'robots'),
  'pointer-events': fixed('all'),
  preserveAspectRatio: fixed('none'),
  r: number,
  rel: fixed('icon'),
  role: fixed('img', 'group'),
  scope: fixed('col', 'row'),
  stroke: colour,
  'stroke-dasharray': plain,
  'stroke-linecap': fixed('round'),
  'stroke-linejoin': fixed('round'),
  'stroke-width': number,
  tabindex: fixed('0'),
  'text-anchor': fixed('middle', 'end'),
  viewBox: /^0 0 \d+ \d+$/,
  width: number,
  x: number,
  xmlns: fixed('http://www\\.w3\\.org/2000/svg'),
  y: number,
}

const elements = new Set(
  `html head meta link title style body header main footer nav section h1 h2 p a ul li dl dt dd div span strong
  figure figcaption i details summary table caption thead tbody tfoot tr th td svg desc g path text rect circle`.split(
    /\s+/,
  ),
)

/** Elements, attributes and comments that a kind of page writes, and the values that they have. */
export interface PageRules {
  readonly elements: ReadonlySet<string>
  readonly attributes: Readonly<Record<string, RegExp>>
  readonly comments: ReadonlySet<string>
}

const pageRules: PageRules = { elements, attributes, comments: new Set() }

const side = fixed('left', 'right', 'center')
const length = /^\d{1,4}%?$/

export const mailRules: PageRules = {
  elements: new Set(
    'html head meta title style body div table tbody tr th td h1 h2 p span img wbr'.split(' '),
  ),
  attributes: {
    align: side,
    // Read out, and never more.
    alt: /^/,
    border: fixed('0'),
    cellpadding: length,
    cellspacing: fixed('0'),
    charset: fixed('utf-8'),
    class: plain,
    content:
      /^(width=device-width, initial-scale=1|light dark|telephone=no,date=no,address=no,email=no,url=no)$/,
    height: length,
    lang: fixed('en'),
    name: fixed('viewport', 'color-scheme', 'supported-color-schemes', 'format-detection'),
    nowrap: /^$/,
    role: fixed('presentation', 'main'),
    scope: fixed('col', 'row'),
    src: /^cid:[0-9a-f]{24}@llmcost$/,
    // Neither an address nor an expression.
    style: /^([a-z-]+:[#a-zA-Z0-9 .,%'-]+(;|$))+$/,
    valign: fixed('top', 'bottom'),
    width: length,
  },
  comments: new Set([
    '[if mso]><table role="presentation" width="640"><tr><td><![endif]',
    '[if mso]></td></tr></table><![endif]',
    '[if !mso]><!',
    '<![endif]',
  ]),
}

export interface Page {
  /** Elements and attributes that the page does not write, and values that they never have. */
  readonly offences: readonly string[]
  readonly styles: readonly string[]
  /** Everything that is read, one after the other. */
  readonly text: string
  readonly ids: readonly string[]
}

export function readPage(html: string, rules = pageRules): Page {
  const page = { offences: [] as string[], styles: [] as string[], text: '', ids: [] as string[] }
  const walk = (node: Tree.Node): void => {
    if (node.nodeName === '#text') page.text += (node as Tree.TextNode).value
    if (node.nodeName === '#comment') {
      const { data } = node as Tree.CommentNode
      if (!rules.comments.has(data)) page.offences.push(`<!--${data}-->`)
    }
    if ('tagName' in node) inspect(node, page, rules)
    if (node.nodeName === 'style' || !('childNodes' in node)) return
    for (const child of node.childNodes) walk(child)
  }
  walk(parse(html))
  return page
}

function inspect(
  node: Tree.Element,
  page: { offences: string[]; styles: string[]; ids: string[] },
  { elements, attributes }: PageRules,
): void {
  if (!elements.has(node.tagName)) page.offences.push(`<${node.tagName}>`)
  if (node.tagName === 'style') {
    page.styles.push(node.childNodes.map((child) => (child as Tree.TextNode).value).join(''))
  }
  for (const { name, value } of node.attrs) {
    const allowed = Object.hasOwn(attributes, name) ? attributes[name] : undefined
    if (allowed === undefined || !allowed.test(value)) {
      page.offences.push(`<${node.tagName} ${name}="${value}">`)
    }
    if (name === 'id') page.ids.push(value)
  }
}
