    SELECT account, bucket, page, members FROM membership FINAL
    -- Under FINAL a plain WHERE would have read the members of all segments first.
    PREWHERE
-- @part_units
        AND segment = 0
