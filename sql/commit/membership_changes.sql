-- membership_changes: who enters and who leaves, for segments that were evaluated in the unit before. Where the version is
-- the one that serves already, the data have changed if the unit was loaded since, else only the time
INSERT INTO membership_changes (batch, seq, account, segment, version, bucket, profile_no, entered, reason, as_of)
SELECT
    {batch:UUID}, {seq:UInt64}, account, segment, version, bucket, change.1 AS profile_no, change.2 AS entered,
    reason, fromUnixTimestamp64Milli({as_of_ms:Int64}, 'UTC')
FROM (
    SELECT
        n.account AS account, n.segment AS segment, n.version AS version, n.bucket AS bucket,
        multiIf(l.version != n.version, {reason:String}, l.read_seq < u.seq, 'change', 'time') AS reason,
        arrayJoin(arrayConcat(
            arrayMap(x -> (x, toUInt8(1)), bitmapToArray(bitmapAndnot(n.truth, o.members))),
            arrayMap(x -> (x, toUInt8(0)), bitmapToArray(bitmapAndnot(o.members, n.truth))))) AS change
    FROM (
        SELECT account, bucket, page, segment, version, truth FROM run_results
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND segment != 0
    ) AS n
    INNER JOIN (
        SELECT account, bucket, segment FROM evaluations
        WHERE run = {run:UUID} AND batch = {batch:UUID} AND outcome = 'committed'
    ) AS e ON e.account = n.account AND e.bucket = n.bucket AND e.segment = n.segment
    INNER JOIN (
        SELECT account, bucket, segment, version, read_seq FROM live_definitions FINAL
        WHERE
-- @part_units
    ) AS l ON l.account = n.account AND l.bucket = n.bucket AND l.segment = n.segment
    LEFT JOIN (
        SELECT account, bucket, seq FROM unit_loads FINAL
        WHERE
-- @part_units
    ) AS u ON u.account = n.account AND u.bucket = n.bucket
    LEFT JOIN (
        SELECT account, bucket, page, segment, members FROM membership FINAL
        PREWHERE
-- @part_units
            AND segment IN (
                SELECT segment FROM run_roots WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32})
    ) AS o ON o.account = n.account AND o.bucket = n.bucket AND o.page = n.page AND o.segment = n.segment
)
