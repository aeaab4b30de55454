-- log: what statements took, by the first part of the query id after the database and by name
SELECT
    splitByChar('/', query_id)[2] AS scope, log_comment AS name, count() AS calls,
    toInt64(sum(dateDiff('microsecond', query_start_time_microseconds, event_time_microseconds))) AS time_us,
    sum(ProfileEvents['UserTimeMicroseconds'] + ProfileEvents['SystemTimeMicroseconds']) AS cpu_us,
    toUInt64(max(memory_usage)) AS memory, sum(read_rows) AS read_rows, sum(read_bytes) AS read_bytes
FROM system.query_log
WHERE type = 'QueryFinish' AND event_date >= toDate(fromUnixTimestamp64Micro({from_us:Int64}))
    AND query_start_time_microseconds >= fromUnixTimestamp64Micro({from_us:Int64})
    AND query_start_time_microseconds < fromUnixTimestamp64Micro({to_us:Int64})
    AND startsWith(query_id, concat(currentDatabase(), '/')) AND scope NOT IN ('bench', 'publish')
GROUP BY scope, name
ORDER BY cpu_us DESC
