-- failed: versions that the server would not evaluate, when it last would not, and its reason
SELECT account, segment, version, argMax(error, as_of) AS reason, toUnixTimestamp64Milli(max(as_of)) AS as_of_ms
FROM evaluations
WHERE outcome = 'failed' AND account IN {accounts:Array(UInt64)}
GROUP BY account, segment, version
