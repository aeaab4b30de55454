-- unit_sizes: live profiles of the units of a run's accounts on this shard
SELECT account, bucket, sum(bitmapCardinality(members)) AS profiles
FROM membership FINAL
PREWHERE account IN (SELECT account FROM runs WHERE run = {run:UUID}) AND segment = 0
GROUP BY account, bucket
ORDER BY account, bucket
