-- scan_trait_time: the bare scan of what a test of times must read
SELECT count() AS count FROM traits
WHERE account = {account:UInt64} AND trait = {trait:String} AND NOT ignore(profile_no, kind, time_ms, day)
