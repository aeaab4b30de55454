-- months: of a unit that has events
SELECT toString(toStartOfMonth(day)) AS month
FROM event_days
WHERE account = {account:UInt64} AND bucket = {bucket:UInt16}
GROUP BY month
ORDER BY month
