-- near: truth of location criteria, by the haversine formula on a sphere
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, r.slot AS slot, toUInt16(bitShiftRight(v.profile_no, 16)) AS page, groupBitmapState(v.profile_no)
FROM (
    SELECT account, bucket, profile_no, latitude, longitude
    FROM traits FINAL
    WHERE
-- @part_units
        AND trait = 'geo' AND kind = 'point'
) AS v
INNER JOIN (
    SELECT slot, account, bucket, number_from AS centre_latitude, number_below AS centre_longitude, radius_m FROM run_tests
    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND role = 'near' AND build = 0
) AS r ON r.account = v.account AND r.bucket = v.bucket
WHERE
-- @part_metres
    <= r.radius_m
GROUP BY slot, page
