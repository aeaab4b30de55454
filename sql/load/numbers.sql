-- numbers: the profile numbers that some accounts have given in a bucket; hashes instead of ids, to be held in memory
SELECT
    account, sipHash64(external_id) AS hash, sipHash64Keyed((toUInt64(1), toUInt64(0)), external_id) AS check, profile_no
FROM profiles FINAL
WHERE account IN {accounts:Array(UInt64)} AND bucket = {bucket:UInt16}
