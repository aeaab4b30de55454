        SELECT
            account, bucket, sipHash64(metric) AS metric_hash, sipHash64(property) AS key_hash, profile_no, time, event, kind, text,
            number, amount, time_ms, value_day AS day, items
        FROM event_properties AS f FINAL
        WHERE
-- @part_units
            AND f.day BETWEEN {day_from:Date} AND {day_to:Date} AND retracted = 0
