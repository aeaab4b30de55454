-- members_page: the next members of a segment by external id
SELECT n.external_id AS profile
FROM (
    SELECT bucket, arrayJoin(bitmapToArray(members)) AS profile_no
    FROM membership FINAL
    PREWHERE account = {account:UInt64} AND segment = {segment:UInt64}
) AS m
INNER JOIN (
    SELECT bucket, profile_no, external_id FROM profile_names FINAL
    WHERE account = {account:UInt64} AND (external_id > {after:String} OR {after:String} = '')
) AS n ON n.bucket = m.bucket AND n.profile_no = m.profile_no
ORDER BY profile
LIMIT {limit:UInt64}
