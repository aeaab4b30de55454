-- failed: a segment that the server would not evaluate, with its reason
INSERT INTO evaluations (run, account, bucket, segment, version, mode, as_of, members, entered, exited, duration_ms, outcome, error, batch, seq)
SELECT {run:UUID}, account, bucket, segment, version, {mode:String}, fromUnixTimestamp64Milli({as_of_ms:Int64}, 'UTC'),
    0, 0, 0, {duration_ms:UInt64}, 'failed', {error:String}, {attempt:UUID}, 0
FROM run_roots
WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND segment != 0
