-- profiles_of_bucket: how many profiles a bucket of one account has
SELECT count() AS count FROM profiles WHERE account = sipHash64('bench-0') AND bucket = {bucket:UInt16}
