-- pairs: the pairs that event_properties and event_amounts keep from the first event on
INSERT INTO property_pairs (account, metric, property, summed, filled, version)
SELECT sipHash64(concat('bench-', toString(number))), pair.1, pair.2, pair.3, {filled:UInt8}, 1 + {filled:UInt8}
FROM numbers({accounts:UInt64})
ARRAY JOIN [
    ('Placed Order', 'campaign', ''), ('Placed Order', 'value', ''), ('Placed Order', 'items', ''), ('Clicked Email', 'campaign', ''),
    ('Placed Order', 'campaign', 'value')] AS pair
