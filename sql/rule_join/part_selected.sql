    selected AS (
        SELECT
            w.window AS window, w.step AS step, w.steps AS steps, w.to_ms AS to_ms, w.every_ms AS every_ms, w.latest AS latest,
            w.zone_from AS zone_from, w.zone_offset AS zone_offset, w.rank AS rank, e.profile_no AS profile_no, e.ms AS ms, e.event AS event
        FROM (
            SELECT account, bucket, sipHash64(metric) AS metric_hash, profile_no, toUnixTimestamp64Milli(time) AS ms, event FROM events FINAL
            WHERE
-- @part_units
                AND retracted = 0
                AND metric IN (SELECT metric FROM windows WHERE metric != '')
                AND day BETWEEN {day_from:Date} AND {day_to:Date}
                AND ({narrowed:UInt8} = 0 OR profile_no IN (
                    SELECT arrayJoin(bitmapToArray(groupBitmapAndState(b.truth)))
                    FROM (SELECT DISTINCT window, step, steps, candidates FROM windows) AS w
                    INNER JOIN (
                        SELECT slot, page, truth FROM run_bitmaps
                        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32}
                            AND slot IN (SELECT candidates FROM windows)
                    ) AS b ON b.slot = w.candidates
                    GROUP BY w.window, b.page
                    HAVING count() = any(w.steps)))
        ) AS e
        INNER JOIN windows AS w ON w.account = e.account AND w.bucket = e.bucket AND w.metric_hash = e.metric_hash
        WHERE w.metric != '' AND e.ms >= w.from_ms AND e.ms < w.to_ms
        UNION ALL
        SELECT
            w.window AS window, w.step AS step, w.steps AS steps, w.to_ms AS to_ms, w.every_ms AS every_ms, w.latest AS latest,
            w.zone_from AS zone_from, w.zone_offset AS zone_offset, e.rank AS rank, e.profile_no AS profile_no, e.ms AS ms, e.event AS event
        FROM (
            SELECT source, rank, profile_no, ms, event FROM run_events
            WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND source IN (SELECT source FROM windows)
        ) AS e
        INNER JOIN windows AS w ON w.source = e.source
        WHERE e.ms >= w.from_ms AND e.ms < w.to_ms
    )
