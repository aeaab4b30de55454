-- kill: ends the statements of an attempt that may still run though its client is gone
KILL QUERY WHERE startsWith(query_id, {prefix:String}) AND query_id != queryID() SYNC
