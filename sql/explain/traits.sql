-- traits: what one profile has of the given traits
SELECT toString(trait) AS trait, toString(kind) AS kind, text, items, latitude, longitude, set_ms
FROM traits_by_profile FINAL
WHERE account = {account:UInt64} AND bucket = {bucket:UInt16} AND profile_no = {profile_no:UInt32} AND trait IN {traits:Array(String)}
    AND kind != 'absent'
