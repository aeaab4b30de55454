-- mark_cells: a load is changing the traits of a unit
INSERT INTO trait_summaries (account, bucket, trait, built, form, build, version)
SELECT account, bucket, trait, 0, form, build, {version:UInt64} FROM trait_summaries FINAL
WHERE account = {account:UInt64} AND bucket = {bucket:UInt16} AND built = 1
