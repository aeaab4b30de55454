-- values: the numbers of events that a source has chosen by their conditions, staged for those who add them up
-- The join is by one hash of all that names an event: with a column a key it takes four times as long. The parts are
-- compared afterwards, added up so that they are not taken for keys. Metric and property are hashed and looked up each by
-- itself: then it is done once for each of their dictionaries' words and not for each row.
INSERT INTO run_events (run, attempt, slice, source, metric, rank, profile_no, ms, event, number, amount)
WITH
    sources AS (
        SELECT source, account, bucket, metric, chosen_by, reach_from_ms, reach_to_ms FROM run_sources
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'valued'
    ),
    asked AS (
        SELECT slot, metric, key FROM run_tests
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'valued' AND role = 'value'
    )
SELECT
    {run:UUID}, {attempt:UUID}, {slice:UInt32}, c.source, c.metric, c.rank, v.profile_no, c.ms, v.event, v.number, v.amount
FROM (
    SELECT
        account, bucket, metric, property, profile_no, toUnixTimestamp64Milli(time) AS ms, event, number, amount,
        cityHash64(account, bucket, sipHash64(metric), sipHash64(property), profile_no, ms, event) AS event_hash
    FROM event_properties AS f FINAL
    WHERE
-- @part_units
        AND f.day BETWEEN {day_from:Date} AND {day_to:Date} AND retracted = 0
        AND kind IN ('digits', 'number') AND metric IN (SELECT metric FROM asked) AND property IN (SELECT key FROM asked)
) AS v
INNER JOIN (
    SELECT
        s.source AS source, s.account AS account, s.bucket AS bucket, s.key AS key,
        e.metric AS metric, e.rank AS rank, e.profile_no AS profile_no, e.ms AS ms, e.event AS event,
        cityHash64(s.account, s.bucket, sipHash64(s.metric), sipHash64(s.key), e.profile_no, e.ms, e.event) AS event_hash
    FROM (
        SELECT source, metric, rank, profile_no, ms, event FROM run_events
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32}
            AND source IN (SELECT chosen_by FROM sources)
    ) AS e
    INNER JOIN (
        SELECT
            s.source AS source, s.account AS account, s.bucket AS bucket, s.metric AS metric, s.chosen_by AS chosen_by, t.key AS key,
            s.reach_from_ms AS reach_from_ms, s.reach_to_ms AS reach_to_ms
        FROM sources AS s
        INNER JOIN asked AS t ON t.slot = s.source AND t.metric = s.metric
    ) AS s ON s.chosen_by = e.source AND s.metric = e.metric
    WHERE e.ms >= s.reach_from_ms AND e.ms < s.reach_to_ms
) AS c ON c.event_hash = v.event_hash
WHERE (c.account = v.account) + (c.bucket = v.bucket) + (c.metric = v.metric) + (c.key = v.property)
    + (c.profile_no = v.profile_no) + (c.ms = v.ms) + (c.event = v.event) = 7
