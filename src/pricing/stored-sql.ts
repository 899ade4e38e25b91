/** Looking up stored calls and the rates that they fall under, to explain their cost. */
import { rateJoin } from '../domain/costs/rate-sql.js'

/** The calls of an id (`$call_id`), or of an id that several calls carry in their log, with the file they came from. */
export const callsOfId = /* sql */ `SELECT c.*, f.path FROM calls c LEFT JOIN files f ON c.file_id = f.file_id
  WHERE $call_id IN (c.call_id, c.logged_id) ORDER BY c.source, c.ts, c.call_id`

/** The rates that those calls fall under. */
export const callRates = /* sql */ `SELECT c.source AS call_source, c.call_id AS rated_call, r.* FROM calls c JOIN rates r ON ${rateJoin('c', 'r')}
  WHERE $call_id IN (c.call_id, c.logged_id)`

/** The id given, and a few that begin like it; calls that share an id count under that. */
export const idsLike = /* sql */ `SELECT DISTINCT CASE WHEN starts_with(logged_id, $call_id) THEN logged_id ELSE call_id END AS call_id,
    $call_id IN (call_id, logged_id) AS same FROM calls
  WHERE starts_with(call_id, $call_id) AND $call_id <> '' ORDER BY same DESC, call_id LIMIT 5`
