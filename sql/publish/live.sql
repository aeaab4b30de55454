-- live: what the units of accounts serve, and whether a load came since it was read
SELECT u.account AS account, u.bucket AS bucket, l.segment AS segment, l.version AS version, toUInt8(l.read_seq < o.seq) AS stale
FROM (
    SELECT DISTINCT account, bucket FROM membership WHERE account IN {accounts:Array(UInt64)} AND segment = 0
) AS u
LEFT JOIN (
    SELECT account, bucket, segment, version, read_seq FROM live_definitions FINAL WHERE account IN {accounts:Array(UInt64)}
) AS l ON l.account = u.account AND l.bucket = u.bucket
LEFT JOIN (
    SELECT account, bucket, seq FROM unit_loads FINAL WHERE account IN {accounts:Array(UInt64)}
) AS o ON o.account = u.account AND o.bucket = u.bucket
