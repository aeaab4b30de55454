-- profiles: the profiles of a bucket of one account, numbered in the order of their ids; one thread, so that the order holds
INSERT INTO profiles (account, bucket, external_id, profile_no, state, version)
SELECT sipHash64('bench-0'), {bucket:UInt16}, external_id, toUInt32(rowNumberInAllBlocks()), 'live', 1
FROM (
    SELECT concat('customer-', toString(number)) AS external_id
    FROM numbers({profiles:UInt64})
    WHERE sipHash64(external_id) % {buckets:UInt16} = {bucket:UInt16}
)
SETTINGS max_threads = 1, max_insert_threads = 1
