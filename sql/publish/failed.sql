-- failed: versions that the server would not evaluate, with its reason
SELECT account, segment, version, argMax(error, as_of) AS reason
FROM evaluations
WHERE outcome = 'failed' AND account IN {accounts:Array(UInt64)}
GROUP BY account, segment, version
