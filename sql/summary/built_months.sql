-- built_months: the months that are summarised, of accounts
SELECT account, bucket, toInt32(month) AS month FROM month_summaries FINAL
WHERE
-- @part_units
    AND built = 1
ORDER BY account, bucket, month
