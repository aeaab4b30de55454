-- scan_properties: the bare scan of what a criterion about properties of events must read
SELECT count() AS count FROM event_properties
WHERE account = {account:UInt64} AND metric = {metric:String} AND property IN {properties:Array(String)} AND day >= {from:Date} AND NOT ignore(profile_no, time, event, kind, text, number, amount)
