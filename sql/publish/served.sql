-- served: what the units of accounts serve, segment by segment, and whether a load came since it was read; segment 0 stands
-- for an account whose units serve nothing yet
SELECT
    u.account AS account, l.segment AS segment, u.units AS units, l.serving AS serving, l.least AS least, l.greatest AS greatest,
    l.stale AS stale
FROM (
    SELECT account, uniqExact(bucket) AS units FROM membership
    WHERE account IN {accounts:Array(UInt64)} AND segment = 0
    GROUP BY account
) AS u
LEFT JOIN (
    SELECT
        s.account AS account, s.segment AS segment, count() AS serving, min(s.version) AS least, max(s.version) AS greatest,
        max(toUInt8(s.read_seq < o.seq)) AS stale
    FROM (
        SELECT account, bucket, segment, version, read_seq FROM live_definitions FINAL WHERE account IN {accounts:Array(UInt64)}
    ) AS s
    LEFT JOIN (
        SELECT account, bucket, seq FROM unit_loads FINAL WHERE account IN {accounts:Array(UInt64)}
    ) AS o ON o.account = s.account AND o.bucket = s.bucket
    GROUP BY account, segment
) AS l ON l.account = u.account
