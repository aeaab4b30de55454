-- accounts: the accounts of a data set, bench-0, bench-1 ..
INSERT INTO accounts (account, account_key, buckets, version)
SELECT sipHash64(account_key), account_key, {buckets:UInt16}, 1
FROM (SELECT concat('bench-', toString(number)) AS account_key FROM numbers({accounts:UInt64}))
