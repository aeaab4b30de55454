-- evaluations: what came of a run on this shard; of several attempts at a segment the newest commit counts
SELECT account, bucket, segment, version, members, entered, exited, duration_ms, toString(outcome) AS outcome, error
FROM evaluations
WHERE run = {run:UUID} AND segment != 0 AND (outcome = 'failed' OR batch IN (SELECT batch FROM commits WHERE run = {run:UUID}))
ORDER BY account, segment, bucket, seq DESC
LIMIT 1 BY account, segment, bucket
