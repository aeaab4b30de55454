-- claim_lanes: takes the next epoch for all lanes of the shard, if nobody took it meanwhile
INSERT INTO lane_claims (lane, epoch, holder, released)
SELECT lane, {epoch:UInt64}, {holder:String}, 0
FROM (SELECT lane FROM lanes FINAL WHERE shard = {shard:String})
WHERE {epoch:UInt64} = (SELECT max(epoch) + 1 FROM lane_claims)
