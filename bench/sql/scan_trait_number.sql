-- scan_trait_number: the bare scan of what a test of numbers must read
SELECT count() AS count FROM traits
WHERE account = {account:UInt64} AND trait = {trait:String} AND NOT ignore(profile_no, kind, number)
