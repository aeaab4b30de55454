-- pair_hashes: the pairs that are there before the first insert
SELECT DISTINCT cityHash64(account, metric, property) AS hash FROM property_pairs
