-- scan_trait_point: the bare scan of what a test of locations must read
SELECT count() AS count FROM traits
WHERE account = {account:UInt64} AND trait = {trait:String} AND NOT ignore(profile_no, kind, latitude, longitude)
