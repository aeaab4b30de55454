-- metrics: the metrics that units have events of, for criteria about every metric
SELECT DISTINCT account, bucket, toString(metric) AS metric
FROM event_days
WHERE account BETWEEN {account_from:UInt64} AND {account_to:UInt64}
ORDER BY account, bucket, metric
