SELECT
    role, slot, account, bucket, metric, sipHash64(metric) AS metric_hash, key, sipHash64(key) AS key_hash, op, ignore_case,
    if(ignore_case = 1, lowerUTF8(text), text) AS text,
    if(ignore_case = 1, arrayMap(x -> lowerUTF8(x), texts), texts) AS texts,
    number_from, number_below, radius_m, from_ms, to_ms, from_day, to_day, set_from_ms, set_to_ms,
    month_days, zone_from, zone_offset, number_from AS centre_latitude, number_below AS centre_longitude
FROM run_tests
WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32}
