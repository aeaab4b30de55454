-- The used properties of every row of events_by_profile go on to event_properties.
CREATE MATERIALIZED VIEW IF NOT EXISTS event_property_values_follow TO event_property_values AS
SELECT
    e.account AS account, e.bucket AS bucket, e.metric AS metric, p.property AS property, e.profile_no AS profile_no,
    e.time AS time, e.event AS event, e.properties[p.property] AS value, e.retracted AS retracted, e.version AS version
FROM events_by_profile AS e
INNER JOIN (SELECT account, metric, property FROM property_pairs FINAL) AS p ON p.account = e.account
WHERE p.metric = e.metric OR p.metric = '*'
