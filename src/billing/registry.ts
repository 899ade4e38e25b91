import type { Sample } from '../importers/survey.js'
import type { BillSource } from './bill.js'
import { anthropicBill } from './sources/anthropic.js'
import { awsCur } from './sources/aws-cur.js'
import { azureCost } from './sources/azure-cost.js'
import { deepseekBill } from './sources/deepseek.js'
import { focusBill } from './sources/focus.js'
import { gcpBilling } from './sources/gcp-billing.js'
import { litellmDaily } from './sources/litellm-daily.js'
import { openaiBill } from './sources/openai.js'
import { openrouterActivity } from './sources/openrouter-activity.js'

/** Sources of bills in the order in which they are asked to recognise a sample: the most specific first. */
export const billSources: readonly BillSource[] = [
  focusBill,
  awsCur,
  gcpBilling,
  azureCost,
  litellmDaily,
  openrouterActivity,
  deepseekBill,
  openaiBill,
  anthropicBill,
]

/** The source of bills that a sample is from, if any. */
export const billIn = (sample: Sample): BillSource | undefined =>
  billSources.find((source) => source.detects(sample))
