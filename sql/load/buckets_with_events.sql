-- buckets_with_events: the buckets of an account that this shard has events of
SELECT DISTINCT bucket FROM events_by_profile WHERE account = {account:UInt64} ORDER BY bucket
