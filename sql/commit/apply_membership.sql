-- apply_membership: the committed pages become current; again is as once
INSERT INTO membership (account, bucket, page, segment, version, members, seq)
SELECT n.account, n.bucket, n.page, n.segment, n.version, n.truth, {seq:UInt64}
FROM (
    SELECT account, bucket, page, segment, version, truth FROM run_results
    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32}
) AS n
INNER JOIN (
    SELECT account, bucket, segment FROM evaluations
    WHERE run = {run:UUID} AND batch = {batch:UUID} AND outcome = 'committed'
) AS e ON e.account = n.account AND e.bucket = n.bucket AND e.segment = n.segment
