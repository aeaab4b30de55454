    SELECT account, bucket, page, members FROM membership FINAL
    WHERE
-- @part_units
        AND segment = 0
