-- newest_commit
SELECT seq, toString(run) AS run, toString(attempt) AS attempt, slice, toString(batch) AS batch, toUnixTimestamp64Milli(as_of) AS as_of_ms
FROM commits
ORDER BY seq DESC
LIMIT 1
