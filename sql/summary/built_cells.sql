-- built_cells: the traits that have cells or free texts, of accounts
SELECT account, bucket, trait, toInt8(form) AS form, build FROM trait_summaries FINAL
WHERE account BETWEEN {account_from:UInt64} AND {account_to:UInt64}
    AND bucket BETWEEN {bucket_from:UInt16} AND {bucket_to:UInt16} AND built = 1
ORDER BY account, bucket, trait
