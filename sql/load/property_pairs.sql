-- property_pairs: all pairs, whether filled in or not
SELECT account, metric, property, summed FROM property_pairs FINAL
