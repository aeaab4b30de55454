-- units: what is left to do in a run on this shard, with the sizes that slices are cut by
SELECT r.account AS account, a.account_key AS account_key, a.buckets AS buckets, r.segment AS segment, r.version AS version, r.root AS root
FROM (SELECT account, segment, version, root FROM runs FINAL WHERE run = {run:UUID}) AS r
INNER JOIN (SELECT account, account_key, buckets FROM accounts FINAL) AS a ON a.account = r.account
ORDER BY account, segment
