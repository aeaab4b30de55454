-- claim_fence: takes the next epoch, if nobody took it meanwhile
INSERT INTO fences (epoch, holder, released)
SELECT {epoch:UInt64}, {holder:String}, 0
WHERE {epoch:UInt64} = (SELECT max(epoch) + 1 FROM fences)
