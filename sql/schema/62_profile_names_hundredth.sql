-- What the table of a store that was made before does not know; a new one has it. Of rows that are there it is worked out as they
-- are read, until a merge writes it.
ALTER TABLE profile_names
    ADD COLUMN IF NOT EXISTS hundredth UInt16 DEFAULT toUInt16(sipHash64(concat(char(0), external_id)) % 10000) COMMENT 'Place in a sample without a salt, 0 to 9999'
        AFTER external_id
