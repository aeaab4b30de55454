-- apply_live_definitions: the committed versions serve from now on; again is as once
INSERT INTO live_definitions (account, bucket, segment, version, as_of, read_seq, seq)
SELECT e.account, e.bucket, e.segment, e.version, e.as_of, c.read_seq, e.seq
FROM (
    SELECT account, bucket, segment, version, as_of, seq, batch FROM evaluations
    WHERE run = {run:UUID} AND batch = {batch:UUID} AND outcome = 'committed' AND segment != 0
) AS e
INNER JOIN (SELECT batch, read_seq FROM commits WHERE seq = {seq:UInt64}) AS c ON c.batch = e.batch
