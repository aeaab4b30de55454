-- accounts: all accounts of the store
SELECT account, account_key, buckets FROM accounts FINAL
