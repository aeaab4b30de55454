-- members: the current members of segments of an account by external id, in the order of bytes
SELECT segment, n.external_id AS profile
FROM (
    SELECT bucket, segment, arrayJoin(bitmapToArray(members)) AS profile_no
    FROM membership FINAL
    WHERE account = {account:UInt64} AND segment IN {segments:Array(UInt64)}
) AS m
INNER JOIN (
    SELECT bucket, profile_no, external_id FROM profile_names FINAL WHERE account = {account:UInt64}
) AS n ON n.bucket = m.bucket AND n.profile_no = m.profile_no
ORDER BY segment, profile
