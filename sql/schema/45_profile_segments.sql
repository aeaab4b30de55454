-- The public read contract: the segments of a profile. Filter by account and profile first.
CREATE VIEW IF NOT EXISTS profile_segments AS
SELECT p.account AS account, p.external_id AS profile, m.segment AS segment
FROM (SELECT account, bucket, external_id, profile_no FROM profiles FINAL WHERE state = 'live') AS p
INNER JOIN (SELECT account, bucket, page, segment, members FROM membership FINAL WHERE segment != 0) AS m
    ON m.account = p.account AND m.bucket = p.bucket AND m.page = toUInt16(bitShiftRight(p.profile_no, 16))
WHERE bitmapContains(m.members, p.profile_no)
