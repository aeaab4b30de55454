-- scan_events: reads all events, the yardstick of this machine
SELECT count() AS count FROM events
WHERE NOT ignore(metric, profile_no, time)
