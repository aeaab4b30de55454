-- property_pairs: the pairs that are kept, and whether they are complete
SELECT account, metric, property, summed, filled FROM property_pairs FINAL WHERE account IN {accounts:Array(UInt64)}
