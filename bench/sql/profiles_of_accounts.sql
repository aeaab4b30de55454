-- profiles_of_accounts: the profiles of many accounts of one bucket each
INSERT INTO profiles (account, bucket, external_id, profile_no, state, version)
SELECT
    sipHash64(concat('bench-', toString(intDiv(number, {profiles:UInt64})))), 0,
    concat('customer-', toString(number % {profiles:UInt64})), toUInt32(number % {profiles:UInt64}), 'live', 1
FROM numbers({accounts:UInt64} * {profiles:UInt64})
