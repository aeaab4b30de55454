-- The public read contract: members by external id. Filter by account first.
CREATE VIEW IF NOT EXISTS members AS
SELECT m.account AS account, m.segment AS segment, n.external_id AS profile
FROM
(
    SELECT account, segment, bucket, arrayJoin(bitmapToArray(members)) AS profile_no
    FROM membership FINAL
    WHERE segment != 0
) AS m
INNER JOIN (SELECT account, bucket, profile_no, external_id FROM profile_names FINAL) AS n
    ON n.account = m.account AND n.bucket = m.bucket AND n.profile_no = m.profile_no
