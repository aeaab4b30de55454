-- committed: whether the batch has its commit
SELECT count() AS commits FROM commits WHERE seq = {seq:UInt64} AND batch = {batch:UUID}
