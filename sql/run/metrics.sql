-- metrics: the metrics that units have events of, for criteria about every metric
SELECT DISTINCT account, bucket, toString(metric) AS metric
FROM event_days
WHERE account BETWEEN {account_from:UInt64} AND {account_to:UInt64}
    AND bucket BETWEEN {bucket_from:UInt16} AND {bucket_to:UInt16}
ORDER BY account, bucket, metric
