-- accounts: accounts that are known
SELECT account, buckets FROM accounts FINAL WHERE account IN {accounts:Array(UInt64)}
