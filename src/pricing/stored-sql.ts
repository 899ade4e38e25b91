/** Looking up stored calls and the rates that they fall under, to explain their cost. */
import { rateJoin } from '../domain/rate-sql.js'

/** The calls of an id (`$call_id`), one for each source, with the file they came from. */
export const callsOfId = /* sql */ `SELECT c.*, f.path FROM calls c LEFT JOIN files f ON c.file_id = f.file_id
  WHERE c.call_id = $call_id ORDER BY c.source`

/** The rates that those calls fall under. */
export const callRates = /* sql */ `SELECT c.source AS call_source, r.* FROM calls c JOIN rates r ON ${rateJoin('c', 'r')}
  WHERE c.call_id = $call_id`

/** The id given, and a few that begin like it. */
export const idsLike = /* sql */ `SELECT DISTINCT call_id, call_id = $call_id AS same FROM calls
  WHERE starts_with(call_id, $call_id) AND $call_id <> '' ORDER BY same DESC, call_id LIMIT 5`
