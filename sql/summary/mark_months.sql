-- mark_months: the months of a unit's events are (not) summarised from now on
INSERT INTO month_summaries (account, bucket, month, built, version)
SELECT DISTINCT account, bucket, toStartOfMonth(day), {built:UInt8}, {version:UInt64}
FROM event_days
WHERE account = {account:UInt64} AND bucket = {bucket:UInt16}
