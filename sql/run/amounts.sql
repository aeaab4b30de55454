-- amounts: the pairs of a slice's accounts that event_amounts has complete
SELECT account, metric, property, summed FROM property_pairs FINAL
WHERE account BETWEEN {account_from:UInt64} AND {account_to:UInt64} AND filled = 1 AND summed != ''
