-- claim_state: the newest epoch and who holds it still, by the server's clock
SELECT epoch, holder, toInt64(dateDiff('millisecond', max(at), now64(3))) AS idle_ms
FROM lane_claims
WHERE epoch = (SELECT max(epoch) FROM lane_claims)
GROUP BY epoch, holder
HAVING max(released) = 0
