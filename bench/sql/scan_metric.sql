-- scan_metric: the bare scan of what a criterion about all events of a metric must read
SELECT count() AS count FROM events
WHERE account = {account:UInt64} AND metric IN {metrics:Array(String)} AND day >= {from:Date} AND NOT ignore(profile_no, time)
