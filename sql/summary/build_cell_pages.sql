-- build_cell_pages: puts the profiles of some traits of a unit into cells
-- A trait of few values has a cell for each. Else numbers share a sixteenth of a power of two, times a week, dates four
-- weeks. Consents are told apart by the week when they were given, too; points by the degree.
INSERT INTO trait_cell_pages (
    account, bucket, trait, build, cell, page, profiles, axis, kind, text, number, time_ms, day, items, latitude, longitude,
    radius_m, least, greatest, number_least, number_greatest, members, wholes, numbers, latitudes, longitudes)
WITH
    604800000 AS week_ms,
    valued AS (
        SELECT
            trait, profile_no, kind, text, number, time_ms, day, set_ms, latitude, longitude,
            arrayJoin(if(kind = 'list' AND notEmpty(items), arrayMap(x -> [x], arrayDistinct(items)), [[]])) AS item,
            multiIf(
                kind = 'point', 'point',
                startsWith(trait, 'consent/'), 'set',
                trait IN {by_value:Array(String)} OR kind IN ('text', 'bool', 'list'), 'none',
                kind IN ('digits', 'number'), 'number',
                kind = 'time', 'time',
                'day') AS axis
        FROM traits FINAL
        WHERE account = {account:UInt64} AND bucket = {bucket:UInt16} AND trait IN {traits:Array(String)} AND kind != 'absent'
    ),
    placed AS (
        SELECT
            *, multiIf(axis = 'time', time_ms, axis = 'set', set_ms, axis = 'day', toInt64(day), 0) AS whole,
            if(axis = 'point', floor(latitude) + 0.5, 0) AS centre_latitude,
            if(axis = 'point', floor(longitude) + 0.5, 0) AS centre_longitude,
            if(axis IN ('none', 'set'), (text, number, time_ms, day), ('', 0., 0, 0)) AS shared,
            multiIf(
                axis = 'number', toInt64(bitShiftRight(reinterpretAsUInt64(number), 48)),
                axis IN ('time', 'set'), intDiv(whole, week_ms),
                axis = 'day', intDiv(whole, 28),
                0) AS bin,
            sipHash64(trait, kind, item, shared.1, shared.2, shared.3, shared.4, bin, centre_latitude, centre_longitude) AS cell,
-- @part_metres
            AS metres
        FROM valued
    )
SELECT
    {account:UInt64}, {bucket:UInt16}, trait, {build:UInt64}, cell, page, profiles, axis, kind, text, number, time_ms, day, items,
    latitude, longitude, radius_m, least, greatest, number_least, number_greatest,
    differing.1, differing.2, differing.3, differing.4, differing.5
FROM (
    SELECT
        p.trait AS trait, p.cell AS cell, toUInt16(bitShiftRight(p.profile_no, 16)) AS page, groupBitmapState(p.profile_no) AS profiles,
        any(p.axis) AS axis, any(p.kind) AS kind, any(p.text) AS text, any(p.number) AS number, any(p.time_ms) AS time_ms,
        any(p.day) AS day, any(p.item) AS items, any(p.centre_latitude) AS latitude, any(p.centre_longitude) AS longitude,
        max(p.metres) AS radius_m, min(p.whole) AS least, max(p.whole) AS greatest,
        min(p.number) AS number_least, max(p.number) AS number_greatest,
        groupArrayIf((p.profile_no, p.whole, p.number, p.latitude, p.longitude), p.axis != 'none') AS differing
    FROM placed AS p
    GROUP BY trait, cell, page
)
