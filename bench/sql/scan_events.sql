-- scan_events: reads all events of the account, the yardstick of this machine
SELECT count() AS count FROM events
WHERE account = {account:UInt64} AND NOT ignore(metric, profile_no, time)
