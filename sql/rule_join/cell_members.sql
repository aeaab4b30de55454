-- cell_members: truth of trait criteria by cells: all members of those that pass, and of those that are cut whoever passes
-- Both in one statement, because a slot has one row a page.
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, slot, page, groupBitmapOrState(profiles)
FROM (
    SELECT r.slot AS slot, v.page AS page, v.profiles AS profiles
    FROM (
        SELECT account, bucket, cell, page, profiles FROM trait_cell_pages
        WHERE
-- @part_units
            AND (account, bucket, trait, build, cell) IN (
                SELECT account, bucket, trait, build, cell FROM run_cells
                WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND cut = 0)
    ) AS v
    INNER JOIN (
        SELECT slot, account, bucket, cell FROM run_cells
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND cut = 0
    ) AS r ON r.account = v.account AND r.bucket = v.bucket AND r.cell = v.cell
    UNION ALL
    SELECT r.slot AS slot, v.page AS page, groupBitmapState(v.profile_no) AS profiles
    FROM (
        SELECT account, bucket, cell, page, profile_no, whole, number, latitude, longitude FROM trait_cell_pages
        ARRAY JOIN members AS profile_no, wholes AS whole, numbers AS number, latitudes AS latitude, longitudes AS longitude
        WHERE
-- @part_units
            AND (account, bucket, trait, build, cell) IN (
                SELECT account, bucket, trait, build, cell FROM run_cells
                WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND cut = 1)
    ) AS v
    INNER JOIN (
        SELECT
            slot, account, bucket, cell, axis, least, below, number_from, number_below,
            number_from AS centre_latitude, number_below AS centre_longitude, radius_m
        FROM run_cells
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND cut = 1
    ) AS r ON r.account = v.account AND r.bucket = v.bucket AND r.cell = v.cell
    WHERE multiIf(
        r.axis = 'point',
-- @part_metres
            <= r.radius_m,
        r.axis = 'number', v.number >= r.number_from AND v.number < r.number_below,
        v.whole >= r.least AND v.whole < r.below)
    GROUP BY slot, page
)
GROUP BY slot, page
