-- built_months: the months that are summarised, of accounts
SELECT account, bucket, toInt32(month) AS month FROM month_summaries FINAL
WHERE account BETWEEN {account_from:UInt64} AND {account_to:UInt64}
    AND bucket BETWEEN {bucket_from:UInt16} AND {bucket_to:UInt16} AND built = 1
ORDER BY account, bucket, month
