-- property_pairs: all pairs, whether filled in or not
SELECT account, metric, property FROM property_pairs FINAL
