-- trait_keys: all traits that some profiles ever had. Those already taken away are taken away again, for the load
-- before may have died between traits_by_profile and traits.
SELECT account, bucket, profile_no, toString(trait) AS trait
FROM traits_by_profile FINAL
WHERE (account, bucket, profile_no) IN {profiles:Array(Tuple(UInt64, UInt16, UInt32))}
