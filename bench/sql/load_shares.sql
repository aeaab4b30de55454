-- load_shares: the server's CPU since an instant: of inserts less their views, of each view, of other statements, of merges
WITH fromUnixTimestamp64Micro({from_us:Int64}) AS since,
    ProfileEvents['UserTimeMicroseconds'] + ProfileEvents['SystemTimeMicroseconds'] AS cpu
SELECT work, table, toUInt64(greatest(sum(us), 0)) AS cpu_us
FROM
(
    SELECT if(query_kind = 'Insert' AND log_comment IN ('profiles', 'traits_by_profile', 'events_by_profile', 'event_properties', 'event_amounts'), 'insert', 'statement') AS work,
        log_comment AS table, toInt64(cpu) AS us
    FROM system.query_log
    WHERE type = 'QueryFinish' AND query_start_time_microseconds >= since AND startsWith(query_id, concat(currentDatabase(), '/'))
        AND splitByChar('/', query_id)[2] != 'bench'
    UNION ALL
    SELECT 'insert', queries.log_comment, -toInt64(cpu)
    FROM system.query_views_log AS views
    INNER JOIN (SELECT query_id, log_comment FROM system.query_log WHERE type = 'QueryFinish') AS queries ON queries.query_id = views.initial_query_id
    WHERE views.event_time_microseconds >= since AND views.status = 'QueryFinish'
    UNION ALL
    SELECT 'view', splitByChar('.', view_target)[2], toInt64(cpu)
    FROM system.query_views_log
    WHERE event_time_microseconds >= since AND status = 'QueryFinish'
    UNION ALL
    SELECT 'merge', table, toInt64(cpu)
    FROM system.part_log
    WHERE event_time_microseconds >= since AND event_type = 'MergeParts' AND database = currentDatabase()
)
GROUP BY work, table
HAVING cpu_us > 0
ORDER BY cpu_us DESC
LIMIT 30
