-- truths: which roots of a staged slice are true of one profile
SELECT segment AS root FROM run_results
WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND account BETWEEN {account_from:UInt64} AND {account_to:UInt64}
    AND bucket = {bucket:UInt16} AND page = toUInt16(bitShiftRight({profile_no:UInt32}, 16)) AND bitmapContains(truth, {profile_no:UInt32})
ORDER BY root
