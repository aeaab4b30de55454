-- anniversaries: truth of tests of traits by the day of the year
-- The join is by the day in UTC, which is that of the zone or one beside it: that leaves few values for the table of a zone.
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, r.slot AS slot, toUInt16(bitShiftRight(v.profile_no, 16)) AS page, groupBitmapState(v.profile_no)
FROM (
    SELECT
        account, bucket, sipHash64(trait) AS key_hash, profile_no, kind, time_ms, day, set_ms,
        if(kind = 'date', toDate32(day), toDate32(fromUnixTimestamp64Milli(time_ms, 'UTC'))) AS date,
        toUInt16(toMonth(date) * 100 + toDayOfMonth(date)) AS month_day
    FROM traits FINAL
    WHERE
-- @part_units
        AND trait IN (
            SELECT key FROM run_tests
            WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND role = 'trait' AND op = 'anniversary')
        AND kind IN ('time', 'date')
) AS v
INNER JOIN (
    SELECT
        *,
        -- Two days each way in a leap year, so that 28 February and 1 March are beside each other.
        arrayJoin(arrayDistinct(arrayFlatten(arrayMap(
            x -> arrayMap(y -> toUInt16(toMonth(y) * 100 + toDayOfMonth(y)), arrayMap(z -> makeDate32(2000, intDiv(x, 100), x % 100) + z, range(-2, 3))),
            month_days)))) AS near
    FROM (
-- @part_tests
        AND role = 'trait' AND op = 'anniversary'
    )
) AS r ON r.account = v.account AND r.bucket = v.bucket AND r.key_hash = v.key_hash AND r.near = v.month_day
WHERE v.set_ms >= r.set_from_ms AND v.set_ms < r.set_to_ms AND
-- @part_anniversary_test
GROUP BY slot, page
