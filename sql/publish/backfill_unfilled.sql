-- backfill_unfilled: gives event_properties all registered properties that are not filled yet, one bucket at a time
INSERT INTO event_property_values (account, bucket, metric, property, profile_no, time, event, value, retracted, version)
SELECT
    e.account, e.bucket, e.metric, p.property, e.profile_no, e.time, e.event, e.properties[p.property], e.retracted, e.version
FROM (
    SELECT account, bucket, metric, profile_no, time, event, properties, retracted, version
    FROM events_by_profile FINAL
    WHERE bucket = {bucket:UInt16} AND account IN (SELECT account FROM property_pairs FINAL WHERE filled = 0)
) AS e
INNER JOIN (SELECT account, metric, property FROM property_pairs FINAL WHERE filled = 0 AND summed = '') AS p ON p.account = e.account
WHERE p.metric = e.metric OR p.metric = '*'
