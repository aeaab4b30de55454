-- numbers: what the units serve of segments, and what came of the evaluations that it stems from
SELECT
    l.account AS account, l.segment AS segment, min(l.version) AS least, max(l.version) AS greatest,
    max(toUnixTimestamp64Milli(l.as_of)) AS as_of_ms, sum(e.members) AS members, sum(e.entered) AS entered, sum(e.exited) AS exited,
    max(e.duration_ms) AS duration_ms, toString(argMax(c.run, l.as_of)) AS run
FROM (
    SELECT account, bucket, segment, version, as_of, seq FROM live_definitions FINAL
    WHERE account IN {accounts:Array(UInt64)} AND segment IN {segments:Array(UInt64)}
) AS l
INNER JOIN (SELECT seq, batch, run FROM commits) AS c ON c.seq = l.seq
INNER JOIN (
    SELECT account, bucket, segment, batch, members, entered, exited, duration_ms FROM evaluations FINAL
    WHERE account IN {accounts:Array(UInt64)} AND segment IN {segments:Array(UInt64)} AND run IN (
        SELECT run FROM commits WHERE seq IN (
            SELECT seq FROM live_definitions FINAL
            WHERE account IN {accounts:Array(UInt64)} AND segment IN {segments:Array(UInt64)}))
) AS e ON e.batch = c.batch AND e.account = l.account AND e.bucket = l.bucket AND e.segment = l.segment
GROUP BY account, segment
