-- results: the pages of the segments of a run
SELECT account, bucket, segment, bitmapToArray(truth) AS members FROM run_results WHERE run = {run:UUID} AND attempt = {attempt:UUID}
