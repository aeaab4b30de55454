-- property_pairs: all pairs, each with a hash by which a later reading tells the new ones
SELECT account, metric, property, cityHash64(account, metric, property) AS hash FROM property_pairs FINAL
