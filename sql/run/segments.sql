-- segments: the segments of a run on this shard
SELECT account, segment, version, root FROM runs FINAL WHERE run = {run:UUID} ORDER BY account, segment
