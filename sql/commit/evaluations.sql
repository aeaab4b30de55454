-- evaluations: what the batch would do, segment by segment; a version that is no longer the newest is superseded,
-- and so is a result that holds for an earlier instant than the one that serves
INSERT INTO evaluations (run, account, bucket, segment, version, mode, as_of, members, entered, exited, duration_ms, outcome, error, batch, seq)
SELECT
    {run:UUID}, r.account, r.bucket, r.segment, r.version, {mode:String}, fromUnixTimestamp64Milli({as_of_ms:Int64}, 'UTC'),
    p.members, p.entered, p.exited, {duration_ms:UInt64},
    if(r.segment = 0 OR (d.newest = r.version AND d.state IN ('active', 'retired') AND l.as_of_ms <= {as_of_ms:Int64}), 'committed', 'superseded'),
    '', {batch:UUID}, {seq:UInt64}
FROM (
    SELECT account, bucket, segment, version FROM run_roots
    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND (segment != 0 OR {mode:String} = 'load')
) AS r
LEFT JOIN (
    SELECT
        n.account AS account, n.bucket AS bucket, n.segment AS segment, sum(bitmapCardinality(n.truth)) AS members,
        sum(bitmapAndnotCardinality(n.truth, o.members)) AS entered, sum(bitmapAndnotCardinality(o.members, n.truth)) AS exited
    FROM (
        SELECT account, bucket, page, segment, truth FROM run_results
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32}
    ) AS n
    LEFT JOIN (
        SELECT account, bucket, page, segment, members FROM membership FINAL
        PREWHERE
-- @part_units
            AND segment IN (
                SELECT segment FROM run_roots WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32})
    ) AS o ON o.account = n.account AND o.bucket = n.bucket AND o.page = n.page AND o.segment = n.segment
    GROUP BY account, bucket, segment
) AS p ON p.account = r.account AND p.bucket = r.bucket AND p.segment = r.segment
LEFT JOIN (
    SELECT account, segment, max(version) AS newest, argMax(state, version) AS state FROM definitions
    WHERE account BETWEEN {account_from:UInt64} AND {account_to:UInt64}
    GROUP BY account, segment
) AS d ON d.account = r.account AND d.segment = r.segment
LEFT JOIN (
    SELECT account, bucket, segment, toUnixTimestamp64Milli(as_of) AS as_of_ms FROM live_definitions FINAL
    WHERE
-- @part_units
) AS l ON l.account = r.account AND l.bucket = r.bucket AND l.segment = r.segment
