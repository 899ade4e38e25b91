/**
 * The names under which loggers, tutorials and trackers write the fields of a call. Names are compared
 * without case and punctuation: `ContextTokens`, `context_tokens` and `context-tokens` are one.
 * The order within a field is the order of preference.
 */
import type { CallField } from '../../domain/call.js'

/** Of the names of `call_id`, those that say by themselves that the id is that of one call. */
export const namesOfOneCall: readonly string[] = ['callid', 'generationid', 'responseid', 'completionid']

/** Names under which a record of a trace names the one above it, and itself. */
export const parentNames: readonly string[] = [
  'parentspanid',
  'parentrunid',
  'parentobservationid',
  'parentcallid',
  'parenteventid',
  'parentid',
]
export const spanNames: readonly string[] = [
  'spanid',
  'runid',
  'observationid',
  'callid',
  'eventid',
  'id',
  'uuid',
]

export const fieldNames: Readonly<Partial<Record<CallField, readonly string[]>>> = {
  // The ids of one call first; the rest may name more: a web request, a message of the user, a conversation.
  call_id: [
    'callid',
    'generationid',
    'responseid',
    'completionid',
    'requestid',
    'messageid',
    'eventid',
    'logid',
    'id',
    'uuid',
  ],
  ts: [
    'timestamp',
    'ts',
    'time',
    'datetime',
    'createdat',
    'eventtime',
    'eventtimestamp',
    'starttime',
    'startedat',
    'requesttime',
    'requesttimestamp',
    'requestedat',
    'requestcreatedat',
    'calledat',
    'loggedat',
    'created',
    'timestampms',
    'tsms',
    'timestamputc',
    'timeutc',
    'createdatutc',
    'date',
    'starttimeiso',
  ],
  provider: [
    'provider',
    'providername',
    'llmprovider',
    'modelprovider',
    'customllmprovider',
    'vendor',
    'system',
    'apiprovider',
  ],
  request_model: [
    'requestmodel',
    'requestedmodel',
    'modelrequested',
    'model',
    'modelname',
    'modelid',
    'llmmodel',
    'llmmodelname',
    'llm',
    'engine',
    'deployment',
    'deploymentname',
  ],
  response_model: ['responsemodel', 'modelresponded', 'respondedmodel', 'servedmodel', 'modelused'],
  operation: ['operation', 'operationname', 'calltype', 'requesttype'],
  feature: [
    'feature',
    'featurename',
    'featureid',
    'usecase',
    'application',
    'applicationname',
    'app',
    'appname',
  ],
  endpoint: ['endpoint', 'endpointname', 'route', 'apiendpoint', 'requestpath', 'path', 'url', 'uri'],
  user_id: ['userid', 'user', 'username', 'useremail', 'actorid', 'uid'],
  customer: [
    'customer',
    'customerid',
    'customername',
    'enduser',
    'enduserid',
    'tenant',
    'tenantid',
    'tenantname',
    'organization',
    'organizationid',
    'orgid',
    'org',
    'account',
    'accountid',
    'client',
    'clientid',
  ],
  root_session_id: ['rootsessionid'],
  project: ['project', 'projectname'],
  session_id: ['sessionid', 'session', 'conversationid', 'conversation', 'threadid', 'chatid'],
  trace_id: ['traceid', 'trace', 'correlationid'],
  team: ['team', 'teamid', 'teamname', 'department', 'costcenter', 'businessunit'],
  environment: ['environment', 'env', 'deploymentenvironment', 'deploymentenvironmentname', 'stage'],
  prompt_hash: ['prompthash', 'promptsha256', 'promptsha', 'promptmd5', 'hashedprompt'],
  prompt_name: [
    'promptname',
    'prompttemplate',
    'prompttemplateid',
    'prompttemplatename',
    'promptid',
    'promptkey',
    'promptversion',
    'templatename',
  ],
  input_tokens: [
    'inputtokens',
    'prompttokens',
    'contexttokens',
    'tokensin',
    'intokens',
    'tokensinput',
    'tokensprompt',
    'inputtokencount',
    'prompttokencount',
    'numinputtokens',
    'numprompttokens',
    'ninputtokens',
    'npromptokens',
    'requesttokens',
    'inputlength',
    'promptevalcount',
    'totalinputtokens',
    'tokeninput',
    'tokenin',
    'llmtokencountprompt',
    'inputtokenstotal',
  ],
  cache_read_input_tokens: [
    'cachereadinputtokens',
    'cachedinputtokens',
    'cachedtokens',
    'cachereadtokens',
    'cacheread',
    'inputcachedtokens',
    'cachedprompttokens',
    'prompttokenscached',
    'promptcachehittokens',
    'cachehittokens',
    'tokenscached',
    'cachedcontenttokencount',
    'cachetokens',
    'promptcachereadtokens',
    'cachedprompttexttokens',
    'cachereadinputtokencount',
    'inputcachereadtokens',
    'cachedreadtokens',
    'numcachedtokens',
    'cachedtokencount',
    'cachedinputtokencount',
    'cachedcontenttokens',
    'inputcacheread',
    'inputtokenscached',
    'inputtokenscacheread',
    'inputtokendetailscachedtokencount',
    'prompttokensdetailscachedtokens',
    'inputtokensdetailscachedtokens',
    'promptdetailscacheread',
    'promptcachedtokens',
    'llmtokencountpromptdetailscacheread',
    'totalcachedtokens',
    'cachereads',
  ],
  cache_creation_input_tokens: [
    'cachecreationinputtokens',
    'cachecreationtokens',
    'cachewriteinputtokens',
    'cachewritetokens',
    'cachewrite',
    'cachecreation',
    'inputcachewritetokens',
    'promptcachewritetokens',
    'promptcachecreationtokens',
    'cachewriteinputtokencount',
    'inputcachecreationtokens',
    'inputcachecreation',
    'inputcachewrite',
    'inputtokenscachewrite',
    'promptdetailscachewrite',
    'llmtokencountpromptdetailscachewrite',
    'cachewrites',
  ],
  cache_creation_1h_input_tokens: [
    'cachecreation1hinputtokens',
    'ephemeral1hinputtokens',
    'cachewrite1htokens',
    'cachewrite1h',
    'cachecreation1htokens',
    'cachewrite1hinputtokens',
    'cachewrite1htokencount',
    'inputcachecreation1h',
    'cachecreationephemeral1hinputtokens',
  ],
  output_tokens: [
    'outputtokens',
    'completiontokens',
    'generatedtokens',
    'tokensout',
    'outtokens',
    'tokensoutput',
    'tokenscompletion',
    'outputtokencount',
    'completiontokencount',
    'numoutputtokens',
    'numcompletiontokens',
    'noutputtokens',
    'responsetokens',
    'outputlength',
    'evalcount',
    'totaloutputtokens',
    'tokenoutput',
    'tokenout',
    'candidatestokencount',
    'llmtokencountcompletion',
    'generatedtokencount',
    'outputtokenstotal',
  ],
  reasoning_output_tokens: [
    'reasoningoutputtokens',
    'reasoningtokens',
    'thinkingtokens',
    'outputreasoningtokens',
    'thoughtstokencount',
    'thoughtstokens',
    'thoughttokens',
    'thinkingtokencount',
    'reasoningtokencount',
    'tokensreasoning',
    'outputtokensreasoning',
    'outputtokendetailsreasoningtokencount',
    'completiontokensdetailsreasoningtokens',
    'outputtokensdetailsreasoningtokens',
    'completiondetailsreasoning',
    'llmtokencountcompletiondetailsreasoning',
  ],
  input_audio_tokens: [
    'inputaudiotokens',
    'audioinputtokens',
    'promptaudiotokens',
    'audioprompttokens',
    'llmtokencountpromptdetailsaudio',
  ],
  output_audio_tokens: [
    'outputaudiotokens',
    'audiooutputtokens',
    'completionaudiotokens',
    'audiocompletiontokens',
    'llmtokencountcompletiondetailsaudio',
  ],
  cache_read_audio_input_tokens: [
    'cachereadaudioinputtokens',
    'cachedaudiotokens',
    'cacheaudioreadtokens',
    'cachereadaudiotokens',
  ],
  input_image_tokens: ['inputimagetokens', 'imageinputtokens', 'promptimagetokens'],
  input_video_tokens: ['inputvideotokens', 'videoinputtokens', 'promptvideotokens'],
  output_image_tokens: ['outputimagetokens', 'imageoutputtokens', 'completionimagetokens'],
  file_search_requests: ['filesearchrequests', 'filesearches', 'filesearchcalls', 'filesearchcount'],
  web_search_requests: [
    'websearchrequests',
    'websearches',
    'websearchcount',
    'websearchcalls',
    'numwebsearches',
    'numsearchqueries',
    'websearchqueries',
  ],
  reported_cost_usd: [
    'reportedcostusd',
    'costusd',
    'totalcostusd',
    'cost',
    'totalcost',
    'spend',
    'spendusd',
    'usdcost',
    'costinusd',
    'amountusd',
    'priceusd',
    'callcost',
    'callcostusd',
    'requestcost',
    'requestcostusd',
    'responsecost',
    'llmcost',
    'llmcostusd',
    'estimatedcost',
    'estimatedcostusd',
    'estcostusd',
    'costdollars',
    'costtotal',
    'usd',
  ],
  latency_ms: [
    'latencyms',
    'latency',
    'durationms',
    'elapsedms',
    'responsetimems',
    'latencymillis',
    'totallatencyms',
    'requestdurationms',
    'delayms',
    'tookms',
  ],
  ttft_ms: ['ttftms', 'timetofirsttokenms', 'firsttokenms', 'firsttokenlatencyms', 'mstofirsttoken', 'ttft'],
  temperature: ['temperature', 'temp'],
  max_tokens: ['maxtokens', 'maxoutputtokens', 'maxcompletiontokens', 'requestmaxtokens', 'maxnewtokens'],
  finish_reason: ['finishreason', 'finishreasons', 'stopreason', 'completionreason'],
  status: ['status', 'statuscode', 'httpstatus', 'httpstatuscode', 'responsestatus', 'success', 'outcome'],
  error: [
    'error',
    'errormessage',
    'errortype',
    'errorcode',
    'errorclass',
    'errorname',
    'exception',
    'errorkind',
  ],
  attempt: ['attempt', 'attemptnumber'],
  cache_hit: [
    'cachehit',
    'cached',
    'iscached',
    'fromcache',
    'responsecached',
    'wascached',
    'cachestatus',
    'servedfromcache',
  ],
  cache_type: ['cachetype', 'cachekind', 'cachehittype'],
  service_tier: ['servicetier', 'processingtier', 'traffictype', 'tier'],
  speed: ['speed', 'speedmode', 'inferencespeed'],
  region: ['inferencegeo', 'inferenceregion', 'dataresidency', 'dataresidencyregion', 'residency'],
  quality_score: ['qualityscore', 'quality', 'evalscore'],
  groundedness: ['groundedness', 'groundednessscore', 'faithfulness'],
  retrieval_score: ['retrievalscore', 'retrievalrelevance', 'contextrelevance'],
  user_feedback: ['userfeedback', 'feedback', 'feedbackscore', 'userrating', 'rating'],
}

/** Cache writes that are kept for five minutes; with those of an hour they are all cache writes. */
export const fiveMinuteNames = [
  'ephemeral5minputtokens',
  'cachewrite5m',
  'cachewrite5mtokens',
  'cachewrite5minputtokens',
  'cachecreation5mtokens',
  'cachecreation5minputtokens',
  'cachecreationephemeral5minputtokens',
  'inputcachecreation5m',
]

/** Names of a count of cached tokens that also say whether the answer came from a cache: the values tell. */
export const countOrHitNames = ['cached', 'cachehit', 'fromcache']

/** Names that say true for a call in fast mode. */
export const fastFlagNames = ['fastmode', 'isfast', 'isfastmode', 'usefastmode']

/** Names under which Azure says how a deployment is sold; other words there are labels. */
export const deploymentTypeNames = ['deploymenttype', 'deploymentsku', 'sku', 'skuname']

/** Names of where a call ran; they move the price of Claude at Vertex AI alone, and are labels elsewhere. */
export const placeNames = ['region', 'location', 'vertexlocation', 'vertexregion', 'gcpregion', 'gcplocation']

/** Names that say true for a call of a provider's batches; `batch` alone may also be the number of one. */
export const batchFlagNames = [
  'isbatch',
  'batchapi',
  'usebatch',
  'usesbatch',
  'viabatch',
  'batched',
  'batchmode',
]

/** Seconds under an unmistakable name; taken times 1000 where the field in ms is absent. */
export const secondNames: Readonly<Record<'latency_ms' | 'ttft_ms', readonly string[]>> = {
  latency_ms: [
    'latencys',
    'latencysec',
    'latencyseconds',
    'durations',
    'durationsec',
    'durationseconds',
    'elapseds',
    'elapsedseconds',
    'responsetimes',
    'responsetimesec',
    'responsetimeseconds',
  ],
  ttft_ms: ['ttfts', 'ttftsec', 'ttftseconds', 'timetofirsttokens', 'timetofirsttokenseconds'],
}

/** The source's own total of tokens: a check, never a tag. */
export const totalTokenNames = [
  'totaltokens',
  'tokenstotal',
  'totaltokencount',
  'tokentotal',
  'tokens',
  'tokencount',
  'llmtokencounttotal',
]

/** Input tokens of tools' answers, which a total may count beside the input; never tags. */
export const toolTokenNames = [
  'tooltokens',
  'tooltokencount',
  'tooluseprompttokens',
  'tooluseprompttokencount',
]

/** The source's own parts of a cost: a check, or their sum where no total is given; never tags. */
export const costPartNames: readonly (readonly string[])[] = [
  ['inputcostusd', 'inputcost', 'promptcost', 'promptcostusd', 'costinput', 'costprompt', 'costinputusd'],
  [
    'outputcostusd',
    'outputcost',
    'completioncost',
    'completioncostusd',
    'costoutput',
    'costcompletion',
    'costoutputusd',
  ],
]

/** Figures that others work out of the same call: known, not needed, never tags. */
export const derivedNames = [
  'tokenspersecond',
  'promptcachemisstokens',
  'cachemisstokens',
  'nocachetokens',
  'outputtokenspersecond',
  'tps',
  'costpertoken',
  'costper1k',
  'costper1ktokens',
  'inputprice',
  'outputprice',
  'inputcostper1k',
  'outputcostper1k',
  'cachereadcost',
  'cachereadcostusd',
  'cachewritecost',
  'cachewritecostusd',
  'cachedcost',
  'cachecostusd',
  'cachecreationcostusd',
  'listcostusd',
  'costbasis',
  'partlypriced',
  'listinputcostusd',
  'listcachereadcostusd',
  'listcachewritecostusd',
  'listoutputcostusd',
  'listothercostusd',
  'avoidedcostusd',
  'endtime',
  'endedat',
  'completedat',
  'finishedat',
]

/** Words in a name that tell of content: prompts, answers, secrets and what may hold them. Never stored. */
const contentWords =
  'prompt|prompts|message|messages|msg|input|inputs|output|outputs|content|contents|response|responses|completion|completions|text|body|request|question|questions|query|answer|answers|reply|replies|instruction|instructions|document|documents|context|choices|tools|tool|functions|arguments|args|payload|transcript|history|conversation|preview|snippet|excerpt|summary|description|comment|apikey|key|authorization|password|secret|token|credential|credentials|thinking|thought|thoughts|reasoning|preamble|utterance|utterances|passage|passages|rationale|explanation|refusal'

/** Words that make such a name harmless: a count, a kind or a name of the thing, not the thing. */
const harmlessWords =
  'id|ids|hash|sha256|md5|name|version|type|kind|format|mode|count|length|len|size|chars|bytes|code|status|language|lang|category|class|label|template|tokens|source|level|index|number|num|rate|score|price|cost|ms|is|has|effort'

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
