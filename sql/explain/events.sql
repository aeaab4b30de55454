-- events: the events of one profile that the staged sources choose, as every evaluation chooses them
SELECT source, toString(metric) AS metric, ms, has, number, toString(amount) AS amount
FROM (
-- @part_selected
)
WHERE profile_no = {profile_no:UInt32}
ORDER BY source, ms, event, metric
