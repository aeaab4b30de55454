-- metrics: the metrics that units have events of, for criteria about every metric
SELECT DISTINCT account, bucket, toString(metric) AS metric
FROM event_days
WHERE
-- @part_units
ORDER BY account, bucket, metric
