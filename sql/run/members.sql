-- members: the current members of the segments of a run by external id; sorted by name, profile, namespace, as bytes
SELECT d.namespace AS namespace, d.name AS segment, n.external_id AS profile
FROM (
    SELECT account, bucket, segment, arrayJoin(bitmapToArray(members)) AS profile_no
    FROM membership FINAL
    PREWHERE (account, segment) IN (SELECT account, segment FROM runs WHERE run = {run:UUID})
) AS m
INNER JOIN (
    SELECT account, bucket, profile_no, external_id FROM profile_names FINAL
    WHERE account IN (SELECT account FROM runs WHERE run = {run:UUID})
) AS n ON n.account = m.account AND n.bucket = m.bucket AND n.profile_no = m.profile_no
INNER JOIN (
    SELECT account, segment, substring(path, 1, position(path, '/') - 1) AS namespace, substring(path, position(path, '/') + 1) AS name
    FROM (
        SELECT account, segment, any(definitions.name) AS path
        FROM definitions
        WHERE account IN (SELECT account FROM runs WHERE run = {run:UUID})
        GROUP BY account, segment
    )
) AS d ON d.account = m.account AND d.segment = m.segment
ORDER BY segment, profile, namespace
