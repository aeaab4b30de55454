-- backfill_amounts: gives event_amounts all registered pairs that are not filled yet, one bucket at a time
-- Both properties are complete in event_properties by then, or another publication has just begun to fill them in: events
-- that lack the row of one are left to that, since a wrong row of the same version might stay.
INSERT INTO event_amounts (account, bucket, metric, property, summed, day, profile_no, time, event, counts, text, amount, version)
SELECT
    account, bucket, metric, property, summed, day, profile_no, time, event,
-- @part_amounts
FROM (
    SELECT
        v.account AS account, v.bucket AS bucket, v.metric AS metric, p.property AS property, p.summed AS summed, v.day AS day,
        v.profile_no AS profile_no, v.time AS time, v.event AS event, v.property = p.property AS has_text, v.property = p.summed AS has_number,
        v.kind AS kind, v.text AS value, v.amount AS number, v.retracted AS retracted, v.version AS source_version
    FROM (
        SELECT account, bucket, metric, property, day, profile_no, time, event, kind, text, amount, retracted, version
        FROM event_properties FINAL
        WHERE bucket = {bucket:UInt16} AND account IN (SELECT account FROM property_pairs FINAL WHERE filled = 0)
    ) AS v
    INNER JOIN (SELECT account, metric, property, summed FROM property_pairs FINAL WHERE filled = 0 AND summed != '') AS p ON p.account = v.account
    WHERE (p.metric = v.metric OR p.metric = '*') AND v.property IN (p.property, p.summed)
)
GROUP BY account, bucket, metric, property, summed, day, profile_no, time, event
HAVING max(has_text) = 1 AND max(has_number) = 1
