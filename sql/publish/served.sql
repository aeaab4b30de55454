-- served: what the units of accounts serve, segment by segment, as of when, and whether and when a load came since it was read;
-- segment 0 stands for an account whose units serve nothing yet
SELECT
    u.account AS account, l.segment AS segment, u.units AS units, l.serving AS serving, l.least AS least, l.greatest AS greatest,
    l.oldest_ms AS oldest_ms, l.newest_ms AS newest_ms, l.stale AS stale, l.loaded_ms AS loaded_ms
FROM (
    SELECT account, uniqExact(bucket) AS units FROM membership
    WHERE account IN {accounts:Array(UInt64)} AND segment = 0
    GROUP BY account
) AS u
LEFT JOIN (
    SELECT
        s.account AS account, s.segment AS segment, count() AS serving, min(s.version) AS least, max(s.version) AS greatest,
        min(toUnixTimestamp64Milli(s.as_of)) AS oldest_ms, max(toUnixTimestamp64Milli(s.as_of)) AS newest_ms,
        max(toUInt8(s.read_seq < o.seq)) AS stale, max(if(s.read_seq < o.seq, o.loaded_ms, 0)) AS loaded_ms
    FROM (
        SELECT account, bucket, segment, version, as_of, read_seq FROM live_definitions FINAL WHERE account IN {accounts:Array(UInt64)}
    ) AS s
    LEFT JOIN (
        SELECT u.account AS account, u.bucket AS bucket, u.seq AS seq, toUnixTimestamp64Milli(c.committed_at) AS loaded_ms
        FROM (SELECT account, bucket, seq FROM unit_loads FINAL WHERE account IN {accounts:Array(UInt64)}) AS u
        INNER JOIN (
            SELECT seq, committed_at FROM commits
            WHERE seq IN (SELECT seq FROM unit_loads FINAL WHERE account IN {accounts:Array(UInt64)})
        ) AS c ON c.seq = u.seq
    ) AS o ON o.account = s.account AND o.bucket = s.bucket
    GROUP BY account, segment
) AS l ON l.account = u.account
