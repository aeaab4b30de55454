-- property_pairs: the pairs that are complete
SELECT account, metric, property, summed FROM property_pairs FINAL WHERE account IN {accounts:Array(UInt64)} AND filled = 1
