-- Times, dates and instants of consent of traits_by_profile go on to trait_times.
CREATE MATERIALIZED VIEW IF NOT EXISTS trait_times_follow TO trait_times AS
SELECT
    toInt32(intDiv(arrayJoin(arrayFilter(t -> t != -9223372036854775808, [
        multiIf(kind = 'time', time_ms, kind = 'date', toInt64(day) * 86400000, -9223372036854775808), set_ms])) + 2208988800000, 60000)
        - 36816480) AS minute,
    account, trait, bucket, profile_no
FROM traits_by_profile
