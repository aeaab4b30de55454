-- kill_own: ends the statements of one process, whatever they are for
KILL QUERY WHERE startsWith(query_id, {prefix:String}) AND position(query_id, {process:String}) > 0 AND query_id != queryID() SYNC
