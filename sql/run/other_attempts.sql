-- other_attempts: whether rules of another attempt at the run are staged, whose process may live
SELECT count() > 0 AS found
FROM run_roots
WHERE run = {run:UUID} AND attempt != {attempt:UUID}
