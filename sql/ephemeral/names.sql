-- names: all profiles, in the order in which members are told
SELECT account, bucket, profile_no, external_id FROM profile_names ORDER BY external_id, account
