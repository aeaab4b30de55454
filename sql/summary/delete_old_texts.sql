-- delete_old_texts: those of earlier buildings
DELETE FROM trait_texts
WHERE account = {account:UInt64} AND bucket = {bucket:UInt16} AND build < {build:UInt64}
