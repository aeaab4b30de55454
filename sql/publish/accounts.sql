-- accounts: accounts that are known
SELECT account, account_key, buckets FROM accounts FINAL WHERE account IN {accounts:Array(UInt64)}
