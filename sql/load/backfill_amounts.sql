-- backfill_amounts: gives event_amounts a pair for the events that are there already, one bucket at a time
-- Both properties are complete in event_properties by then, or another publication has just begun to fill them in: events
-- that lack the row of one are left to that, since a wrong row of the same version might stay.
INSERT INTO event_amounts (account, bucket, metric, property, summed, day, profile_no, time, event, counts, text, amount, version)
SELECT
    account, bucket, metric, {property:String}, {summed:String}, day, profile_no, time, event,
-- @part_amounts
FROM (
    SELECT
        account, bucket, metric, day, profile_no, time, event, property = {property:String} AS has_text, property = {summed:String} AS has_number,
        kind, text AS value, amount AS number, retracted, version AS source_version
    FROM event_properties FINAL
    WHERE account = {account:UInt64} AND bucket = {bucket:UInt16} AND ({metric:String} = '*' OR metric = {metric:String})
        AND property IN ({property:String}, {summed:String})
)
GROUP BY account, bucket, metric, day, profile_no, time, event
HAVING max(has_text) = 1 AND max(has_number) = 1
