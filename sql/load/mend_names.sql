-- mend_names: a load that died may have written profiles without profile_names; again is as once
INSERT INTO profile_names (account, bucket, profile_no, external_id, version)
SELECT account, bucket, profile_no, external_id, version FROM profiles WHERE version >= {version:UInt64}
