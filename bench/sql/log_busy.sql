-- log_busy: how long any of some statements of a scope ran, so that those that ran beside each other count once
SELECT intervalLengthSum(
    toUnixTimestamp64Micro(query_start_time_microseconds), toUnixTimestamp64Micro(event_time_microseconds)) AS count
FROM system.query_log
WHERE type = 'QueryFinish' AND event_date >= toDate(fromUnixTimestamp64Micro({from_us:Int64}))
    AND query_start_time_microseconds >= fromUnixTimestamp64Micro({from_us:Int64})
    AND query_start_time_microseconds < fromUnixTimestamp64Micro({to_us:Int64})
    AND startsWith(query_id, concat(currentDatabase(), '/')) AND splitByChar('/', query_id)[2] = {scope:String}
    AND log_comment IN {names:Array(String)}
