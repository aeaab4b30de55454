-- live_profiles: makes all profiles the universe, as the commit of a load does
INSERT INTO membership (account, bucket, page, segment, version, members, seq)
SELECT account, bucket, toUInt16(bitShiftRight(profile_no, 16)) AS page, 0, 0, groupBitmapState(profile_no), 1
FROM profile_names
GROUP BY account, bucket, page
