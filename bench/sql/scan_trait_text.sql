-- scan_trait_text: the bare scan of what a test of texts must read
SELECT count() AS count FROM traits
WHERE account = {account:UInt64} AND trait = {trait:String} AND NOT ignore(profile_no, kind, text)
