-- profile: the number of a live profile
SELECT profile_no FROM profiles FINAL
WHERE account = {account:UInt64} AND bucket = {bucket:UInt16} AND external_id = {profile:String} AND state = 'live'
