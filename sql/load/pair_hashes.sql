-- pair_hashes: the pairs that are there before the first insert
SELECT DISTINCT cityHash64(account, metric, property) AS pair FROM property_pairs
