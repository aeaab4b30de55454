        SELECT account, bucket, sipHash64(metric) AS metric_hash, toInt64(day) AS day, profiles FROM event_days
        WHERE
-- @part_units
            AND metric IN (SELECT metric FROM windows)
            AND event_days.day BETWEEN {day_from:Date} AND {day_to:Date}
