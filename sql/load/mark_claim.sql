-- mark_claim: a heartbeat, or the release
INSERT INTO lane_claims (lane, epoch, holder, released)
SELECT lane, {epoch:UInt64}, {holder:String}, {released:UInt8} FROM lanes FINAL WHERE shard = {shard:String}
