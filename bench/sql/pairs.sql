-- pairs: the pairs that event_properties keeps from the first event on
INSERT INTO property_pairs (account, metric, property, filled, version)
SELECT sipHash64(concat('bench-', toString(number))), pair.1, pair.2, 1, 1
FROM numbers({accounts:UInt64})
ARRAY JOIN [('Placed Order', 'campaign'), ('Placed Order', 'value'), ('Placed Order', 'items'), ('Clicked Email', 'campaign')] AS pair
