-- unfilled_buckets: where events lie whose properties have to be filled in
SELECT DISTINCT bucket FROM events_by_profile
WHERE account IN (SELECT account FROM property_pairs FINAL WHERE filled = 0)
ORDER BY bucket
