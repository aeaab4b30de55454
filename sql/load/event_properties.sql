-- event_properties: the properties of new events that pairs name
INSERT INTO event_properties (
    account, bucket, metric, property, day, profile_no, time, event, kind, text, number, amount, time_ms, value_day, items, version
) FORMAT Native
