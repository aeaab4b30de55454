    plain AS (
        SELECT
            w.window AS window, w.step AS step, w.steps AS steps, w.from_ms AS from_ms, w.to_ms AS to_ms, w.every_ms AS every_ms,
            w.latest AS latest, w.zone_from AS zone_from, w.zone_offset AS zone_offset, w.candidates AS candidates,
            s.account AS account, s.bucket AS bucket, s.metric AS metric, sipHash64(s.metric) AS metric_hash, s.rank AS rank
        FROM windows AS w
        INNER JOIN (
            SELECT source, account, bucket, metric, rank FROM run_sources
            WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'all'
        ) AS s ON s.source = w.source
    ),
    selected AS (
        SELECT
            w.window AS window, w.step AS step, w.steps AS steps, w.to_ms AS to_ms, w.every_ms AS every_ms, w.latest AS latest,
            w.zone_from AS zone_from, w.zone_offset AS zone_offset, w.rank AS rank, e.profile_no AS profile_no, e.ms AS ms, e.event AS event
        FROM (
            SELECT account, bucket, sipHash64(metric) AS metric_hash, profile_no, toUnixTimestamp64Milli(time) AS ms, event FROM events FINAL
            WHERE
-- @part_units
                AND retracted = 0
                AND metric IN (SELECT metric FROM plain)
                AND day BETWEEN
                    (SELECT toDate(toUInt16(greatest(0, least(65535, intDiv(min(from_ms), 86400000))))) FROM windows)
                    AND (SELECT toDate(toUInt16(greatest(0, least(65535, intDiv(max(to_ms) - 1, 86400000))))) FROM windows)
                AND ((SELECT min(candidates) FROM plain) = 0 OR profile_no IN (
                    SELECT arrayJoin(bitmapToArray(groupBitmapAndState(b.truth)))
                    FROM windows AS w
                    INNER JOIN (
                        SELECT slot, page, truth FROM run_bitmaps
                        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32}
                            AND slot IN (SELECT candidates FROM windows)
                    ) AS b ON b.slot = w.candidates
                    GROUP BY w.window, b.page
                    HAVING count() = any(w.steps)))
        ) AS e
        INNER JOIN plain AS w ON w.account = e.account AND w.bucket = e.bucket AND w.metric_hash = e.metric_hash
        WHERE e.ms >= w.from_ms AND e.ms < w.to_ms
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
