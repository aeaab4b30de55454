-- newest_claim: the newest epoch, and the greatest version that any load of this shard had
SELECT max(epoch) AS epoch, max(toUInt64OrZero(splitByChar('@', holder)[-1])) AS version FROM lane_claims
