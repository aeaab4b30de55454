-- known_traits: all traits that some profiles ever had. As load/trait_keys, but from the one order of traits that there is.
SELECT DISTINCT account, bucket, profile_no, toString(trait) AS trait
FROM traits
WHERE (account, bucket, profile_no) IN {profiles:Array(Tuple(UInt64, UInt16, UInt32))}
