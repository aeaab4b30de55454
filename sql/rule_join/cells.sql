-- cells: which cells of traits pass tests: whole, or cut so that each member has to be looked at
-- A cell whose members differ along an axis is judged by its ends; in all else any member stands for all.
INSERT INTO run_cells (
    run, attempt, slice, cut, account, bucket, trait, build, cell, slot, axis, least, below, number_from, number_below, radius_m)
SELECT
    {run:UUID}, {attempt:UUID}, {slice:UInt32}, passes = 1, account, bucket, trait, build, cell, slot, axis,
    multiIf(axis = 'set', set_from_ms, axis = 'day', toInt64(from_day), from_ms),
    multiIf(axis = 'set', set_to_ms, axis = 'day', toInt64(to_day), to_ms),
    number_from, number_below, radius_m
FROM (
    -- 0: none, 1: some perhaps, 2: all.
    SELECT
        v.account AS account, v.bucket AS bucket, v.trait AS trait, v.build AS build, v.cell AS cell, v.axis AS axis,
        r.slot AS slot, r.set_from_ms AS set_from_ms, r.set_to_ms AS set_to_ms, r.from_ms AS from_ms, r.to_ms AS to_ms,
        r.from_day AS from_day, r.to_day AS to_day, r.number_from AS number_from, r.number_below AS number_below,
        r.radius_m AS radius_m,
        multiIf(
            r.role = 'near', multiIf(
                v.kind != 'point', 0,
                -- A metre more than rounding can do.
                metres + v.radius_m + 1 <= r.radius_m, 2,
                metres - v.radius_m - 1 > r.radius_m, 0,
                1),
            v.axis = 'number' AND r.op = 'number', multiIf(
                v.number_least >= r.number_from AND v.number_greatest < r.number_below, 2,
                v.number_greatest < r.number_from OR v.number_least >= r.number_below, 0,
                1),
            v.axis = 'time' AND r.op = 'time', multiIf(
                v.least >= r.from_ms AND v.greatest < r.to_ms, 2,
                v.greatest < r.from_ms OR v.least >= r.to_ms, 0,
                1),
            v.axis = 'day' AND r.op = 'time', multiIf(
                v.least >= r.from_day AND v.greatest < r.to_day, 2,
                v.greatest < r.from_day OR v.least >= r.to_day, 0,
                1),
            r.op BETWEEN 'text' AND 'match', if(v.kind NOT IN ('absent', 'list', 'point') AND
            -- @part_text_test
                , 2, 0),
            if(
            -- @part_value_test
                , 2, 0)) AS value_passes,
        multiIf(
            v.axis != 'set' OR (v.least >= r.set_from_ms AND v.greatest < r.set_to_ms), 2,
            v.greatest < r.set_from_ms OR v.least >= r.set_to_ms, 0,
            1) AS set_passes,
        least(value_passes, set_passes) AS passes,
        -- @part_metres
        AS metres
    FROM (
        SELECT
            account, bucket, trait, sipHash64(trait) AS key_hash, build, cell, axis, kind, text, number, time_ms, day, items,
            latitude, longitude, radius_m, least, greatest, number_least, number_greatest
        FROM trait_cells
        WHERE
-- @part_units
            AND (account, bucket, trait, build) IN (
                SELECT account, bucket, key, build FROM run_tests
                WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND build != 0 AND role != 'free')
    ) AS v
    INNER JOIN (
-- @part_tests
            AND build != 0 AND role != 'free'
    ) AS r ON r.account = v.account AND r.bucket = v.bucket AND r.key_hash = v.key_hash
)
WHERE passes > 0
