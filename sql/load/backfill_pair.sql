-- backfill_pair: gives event_properties a property of the events that are there already, one bucket at a time
INSERT INTO event_property_values (account, bucket, metric, property, profile_no, time, event, value, retracted, version)
SELECT account, bucket, metric, {property:String}, profile_no, time, event, properties[{property:String}], retracted, version
FROM events_by_profile FINAL
WHERE account = {account:UInt64} AND bucket = {bucket:UInt16} AND ({metric:String} = '*' OR metric = {metric:String})
