/** Which names hold what people wrote, or secrets: their values are never stored. */

/** Words in a name that tell of content: prompts, answers, secrets and what may hold them. Never stored. */
const contentWords =
  'prompt|prompts|message|messages|msg|input|inputs|output|outputs|content|contents|response|responses|completion|completions|text|body|request|question|questions|query|answer|answers|reply|replies|instruction|instructions|document|documents|context|choices|tools|tool|functions|arguments|args|payload|transcript|history|conversation|preview|snippet|excerpt|summary|description|comment|apikey|key|authorization|password|secret|token|credential|credentials|thinking|thought|thoughts|reasoning|preamble|utterance|utterances|passage|passages|rationale|explanation|refusal'

/** Words that make such a name harmless: a count, a kind or a name of the thing, not the thing. */
const harmlessWords =
  'id|ids|hash|sha256|md5|name|version|type|kind|format|mode|count|length|len|size|chars|bytes|code|status|language|lang|category|class|label|template|tokens|source|level|index|number|num|rate|score|price|cost|ms|is|has|effort'

/** Names that are content as they are: parts of a prompt whose words mean something else in other names. */
const contentNames = ['system', 'developer', 'assistant']

/** For the engine: words of names in any case, as `isContent` has them, of content and of what is harmless. */
export const contentPattern = `(?i)^(?:${contentNames.join('|')})$|(?:^|[^a-z0-9])(?:${contentWords})(?:$|[^a-z0-9])`
export const harmlessPattern = `(?i)(?:^|[^a-z0-9])(?:${harmlessWords})(?:$|[^a-z0-9])`

const content = new RegExp(`^(?:${contentWords})$`)
const harmless = new RegExp(`^(?:${harmlessWords})$`)

/** True for names that may hold a prompt, an answer or a secret: `userPrompt`, `last_message`, `gen_ai.prompt.0.content`. */
export function isContent(name: string): boolean {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
  const joined = words.join('')
  return (
    contentNames.includes(joined) ||
    (words.some((word) => content.test(word)) && !words.some((word) => harmless.test(word))) ||
    /(?:prompt|message|content|completion|response|answer|output|input|request)(?:text|body|json|s)?$/.test(
      joined,
    )
  )
}
