-- scan_trait_set: the bare scan of what a test of consents must read
SELECT count() AS count FROM traits
WHERE account = {account:UInt64} AND trait = {trait:String} AND NOT ignore(profile_no, kind, text, set_ms)
