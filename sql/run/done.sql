-- done: what the run has committed on this shard already
SELECT DISTINCT account, bucket, segment
FROM evaluations
WHERE run = {run:UUID} AND batch IN (SELECT batch FROM commits WHERE run = {run:UUID})
