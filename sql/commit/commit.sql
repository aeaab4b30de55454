-- commit: the one atomic act; no row is written when the epoch is old or the seq is taken
INSERT INTO commits (seq, epoch, batch, run, attempt, slice, reason, as_of, read_seq, loaded)
SELECT
    {seq:UInt64}, {epoch:UInt64}, {batch:UUID}, {run:UUID}, {attempt:UUID}, {slice:UInt32}, {reason:String},
    fromUnixTimestamp64Milli({as_of_ms:Int64}, 'UTC'), {read_seq:UInt64}, {loaded:Array(Tuple(UInt64, UInt16))}
WHERE {epoch:UInt64} = (SELECT max(epoch) FROM fences) AND {seq:UInt64} = (SELECT max(seq) + 1 FROM commits)
