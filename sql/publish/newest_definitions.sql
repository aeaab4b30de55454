-- newest_definitions: the newest version of every definition of accounts
SELECT account, segment, max(version) AS newest, toString(argMax(hash, version)) AS newest_hash, toString(argMax(state, version)) AS newest_state
FROM definitions
WHERE account IN {accounts:Array(UInt64)}
GROUP BY account, segment
