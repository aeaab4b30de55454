-- built_cells: the traits that have cells or free texts, of accounts
SELECT account, bucket, trait, toInt8(form) AS form, build FROM trait_summaries FINAL
WHERE
-- @part_units
    AND built = 1
ORDER BY account, bucket, trait
