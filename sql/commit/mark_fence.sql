-- mark_fence: a heartbeat, or the release
INSERT INTO fences (epoch, holder, released)
SELECT {epoch:UInt64}, {holder:String}, {released:UInt8}
