-- scan_names: the bare scan of what a sample must read
SELECT count() AS count FROM profile_names
WHERE account = {account:UInt64} AND 1 AND NOT ignore(profile_no, external_id)
