-- scan_trait_items: the bare scan of what a test of lists must read
SELECT count() AS count FROM traits
WHERE account = {account:UInt64} AND trait = {trait:String} AND NOT ignore(profile_no, kind, items)
